"""From a finished mix to a delivered master: targets, presets, references, an assistant, and the chain."""

from sonicforge_studio.mastering._aim import GREATEST_GAIN_DB
from sonicforge_studio.mastering.album import AlbumTrack, album_lufs, album_targets
from sonicforge_studio.mastering.assistant import propose
from sonicforge_studio.mastering.matching import Profile, match_to, profile_of, spectral_distance_db, target_of
from sonicforge_studio.mastering.passes import MasterOutcome, master
from sonicforge_studio.mastering.presets import (
    BUNDLED,
    PRESETS,
    SUFFIX,
    Preset,
    PresetFolder,
    preset_faults,
    preset_named,
    read_preset,
    write_preset,
)
from sonicforge_studio.mastering.targets import (
    CEILING_LIMITS_DBTP,
    LUFS_LIMITS,
    ORIGINS,
    TARGETS,
    Origin,
    own_target,
    target_named,
)

__all__ = [
    "BUNDLED",
    "CEILING_LIMITS_DBTP",
    "GREATEST_GAIN_DB",
    "LUFS_LIMITS",
    "ORIGINS",
    "PRESETS",
    "SUFFIX",
    "TARGETS",
    "AlbumTrack",
    "MasterOutcome",
    "Origin",
    "Preset",
    "PresetFolder",
    "Profile",
    "album_lufs",
    "album_targets",
    "master",
    "match_to",
    "own_target",
    "preset_faults",
    "preset_named",
    "profile_of",
    "propose",
    "read_preset",
    "spectral_distance_db",
    "target_named",
    "target_of",
    "write_preset",
]
