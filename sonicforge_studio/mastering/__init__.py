"""From a finished mix to a delivered master: targets, presets and the chain."""

from sonicforge_studio.mastering.chain import warm_chain
from sonicforge_studio.mastering.passes import GREATEST_GAIN_DB, MasterOutcome, master
from sonicforge_studio.mastering.targets import (
    CEILING_LIMITS_DBTP,
    LUFS_LIMITS,
    ORIGINS,
    PRESETS,
    TARGETS,
    Origin,
    own_target,
    preset_named,
    target_named,
)

__all__ = [
    "CEILING_LIMITS_DBTP",
    "GREATEST_GAIN_DB",
    "LUFS_LIMITS",
    "ORIGINS",
    "PRESETS",
    "TARGETS",
    "MasterOutcome",
    "Origin",
    "master",
    "own_target",
    "preset_named",
    "target_named",
    "warm_chain",
]
