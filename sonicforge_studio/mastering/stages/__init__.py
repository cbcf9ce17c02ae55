"""The chain's stages, one module each: what a stage's settings become in its kernels."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sonicforge_studio.mastering.stages.de_esser import DeEsserStage
from sonicforge_studio.mastering.stages.eq import EqStage
from sonicforge_studio.mastering.stages.exciter import ExciterStage
from sonicforge_studio.mastering.stages.glue import GlueStage
from sonicforge_studio.mastering.stages.multiband import MultibandStage
from sonicforge_studio.mastering.stages.repair import RepairStage
from sonicforge_studio.mastering.stages.stage import Stage, StageMaker
from sonicforge_studio.mastering.stages.stereo import StereoStage
from sonicforge_studio.mastering.stages.warming import warm_stages

STAGE_MAKERS: Mapping[str, StageMaker] = MappingProxyType(
    {
        "repair": RepairStage,
        "eq": EqStage,
        "de_esser": DeEsserStage,
        "multiband": MultibandStage,
        "exciter": ExciterStage,
        "stereo": StereoStage,
        "glue": GlueStage,
    }
)
"""By the names and in the order of ``domain.chain.STAGES``."""

__all__ = ["STAGE_MAKERS", "Stage", "StageMaker", "warm_stages"]
