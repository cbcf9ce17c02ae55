"""The kernels of the stages that a first piece does not pass through, compiled before they are needed."""

from __future__ import annotations

import numpy as np

from sonicforge_studio.domain.chain import EqSettings, MultibandSettings, StereoSettings
from sonicforge_studio.kernels.convolution import Convolver
from sonicforge_studio.mastering.stages.eq import EqStage
from sonicforge_studio.mastering.stages.multiband import MultibandStage
from sonicforge_studio.mastering.stages.stage import Stage
from sonicforge_studio.mastering.stages.stereo import StereoStage

_RATE_HZ = 44_100
_LOUDNESS_LUFS = -14.0


def warm_stages() -> None:
    """Some milliseconds of silence through each of them, and one block through the long filters."""
    stages: tuple[Stage, ...] = (
        EqStage(_RATE_HZ, 2, EqSettings(tilt_db=1.0), _LOUDNESS_LUFS),
        EqStage(_RATE_HZ, 2, EqSettings(tilt_db=1.0, phase="linear"), _LOUDNESS_LUFS),
        MultibandStage(_RATE_HZ, 2, MultibandSettings(), _LOUDNESS_LUFS),
        MultibandStage(_RATE_HZ, 2, MultibandSettings(phase="linear"), _LOUDNESS_LUFS),
        StereoStage(_RATE_HZ, 2, StereoSettings(mono_below_hz=100.0), _LOUDNESS_LUFS),
    )
    for stage in stages:
        stage.process(np.zeros((2, Convolver.latency_frames), np.float32))
