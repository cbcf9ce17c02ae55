"""Models that can be had from the hub; ``resources/models.toml`` has them, and says where each figure comes from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sonicforge_studio.domain import from_plain
from sonicforge_studio.generation.musicgen.model_folder import Kind
from sonicforge_studio.host.resources import resource

MUSICGEN_LICENCE = "CC-BY-NC-4.0"
"""Of the weights that MusicGen was published with, and so of what was trained on from them."""
_BYTES_A_PARAMETER = 4


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model by its figures, wherever it is."""

    name: str
    title: str
    hub: str
    kind: Kind
    channels: int
    layers: int
    hidden_size: int
    parameters: int
    licence: str

    @property
    def download_bytes(self) -> int:
        """Approximate; the hub knows better."""
        return self.parameters * _BYTES_A_PARAMETER


@cache
def catalogue() -> Mapping[str, KnownModel]:
    """Every model by its name. Read once."""
    tables = tomllib.loads(resource("models.toml").read_text(encoding="utf-8"))
    return {name: from_plain(KnownModel, {"name": name, **table}) for name, table in tables.items()}
