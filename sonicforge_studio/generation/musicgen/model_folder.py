"""What lies in a model's folder, looked over before anything of it is loaded.

Weights are read as safetensors only: a pickle runs whatever its writer put into it.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sonicforge_studio.domain.errors import MissingPath, ModelNotUsable
from sonicforge_studio.generation.weights import weights_hash

Kind = Literal["text", "melody"]

_KINDS: Mapping[str, Kind] = {"musicgen": "text", "musicgen_melody": "melody"}
_WEIGHTS = "model.safetensors"
_WEIGHTS_INDEX = "model.safetensors.index.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.th", "*.ckpt", "*.pkl")
_TOKENIZERS = ("tokenizer.json", "spiece.model")
_LOADER_MAJOR = 5
"""Of the transformers library, whose folders these are."""
_LONGEST_HEADER = 100 << 20
_MOST = 1 << 24
"""Of any figure: more has no model."""
_NONSENSE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)
"""What JSON of another shape than expected runs into."""
_BYTES: Mapping[str, int] = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I8": 1, "U8": 1}


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model that can be loaded, by what its own files say."""

    path: Path
    kind: Kind
    channels: int
    sample_rate_hz: int
    frame_rate_hz: int
    codebooks: int
    """Of all channels together."""
    layers: int
    hidden_size: int
    parameters: int
    weight_bytes: int
    weight_files: tuple[Path, ...]

    def sounds_like(self, other: ModelFolder) -> bool:
        """Whether it is of the same kind, and what it makes has the same shape."""
        return (self.kind, self.channels, self.sample_rate_hz) == (other.kind, other.channels, other.sample_rate_hz)

    @property
    def weights_hash(self) -> str:
        """Tells one model's weights from another's."""
        return weights_hash(self.weight_files)


def read_model_folder(path: Path) -> ModelFolder:
    """Look a folder over: configuration, weights to their last byte, tokenizer.

    Raises ``MissingPath`` where there is none, and ``ModelNotUsable`` with what is wrong with it: another kind of
    model, files that lack or are cut off, pickled weights, a newer format.
    """
    if not _is_folder(path):
        raise MissingPath(f'There is no folder at "{path}".')
    if any(0xD800 <= ord(letter) < 0xE000 for letter in str(path)):
        # Python has them, the loader does not.
        raise ModelNotUsable("The path of this model has letters that cannot be read.", hint="Rename the folder.")
    config = _json(path / "config.json")
    kind = _KINDS.get(str(config.get("model_type")))
    if kind is None:
        found = str(config.get("model_type") or "none")[:40]
        raise ModelNotUsable(f'The model in "{path.name}" is of another kind ({found}); this engine plays MusicGen.')
    written_by = str(config.get("transformers_version", ""))
    major = re.match("[0-9]{1,9}", written_by)
    if major and int(major[0]) > _LOADER_MAJOR:
        raise ModelNotUsable(
            f'The model in "{path.name}" is of a newer format (transformers {written_by[:20]}).',
            hint="Update the studio.",
        )
    files = _weight_files(path)
    parameters, size = 0, 0
    for file in files:
        count, length = _measure(file)
        parameters, size = parameters + count, size + length
    if not any((path / name).is_file() for name in _TOKENIZERS):
        raise _lacking(path, _TOKENIZERS[0])
    try:
        decoder, codec = config["decoder"], config["audio_encoder"]
        sample_rate = int(codec["sampling_rate"])
        hop = 1
        for ratio in codec["upsampling_ratios"]:
            hop *= int(ratio)
        folder = ModelFolder(
            path=path,
            kind=kind,
            channels=int(decoder.get("audio_channels", 1)),
            sample_rate_hz=sample_rate,
            frame_rate_hz=sample_rate // hop,
            codebooks=int(decoder["num_codebooks"]),
            layers=int(decoder["num_hidden_layers"]),
            hidden_size=int(decoder["hidden_size"]),
            parameters=parameters,
            weight_bytes=size,
            weight_files=files,
        )
        _require_sense(folder)
    except _NONSENSE as error:
        raise ModelNotUsable(f'The configuration in "{path.name}" does not describe a MusicGen model.') from error
    return folder


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # a name that is too long, or behind a folder that is not the user's


def _require_sense(folder: ModelFolder) -> None:
    """Raises ``ValueError`` for figures that nothing can be divided by or that no model has."""
    figures = (folder.sample_rate_hz, folder.frame_rate_hz, folder.codebooks, folder.layers, folder.hidden_size)
    if folder.channels not in (1, 2) or folder.codebooks % folder.channels:
        raise ValueError("channels")
    if not all(0 < figure < _MOST for figure in figures):
        raise ValueError("figures")


def _weight_files(path: Path) -> tuple[Path, ...]:
    if (path / _WEIGHTS).is_file():
        return (path / _WEIGHTS,)
    if (path / _WEIGHTS_INDEX).is_file():
        placed = _json(path / _WEIGHTS_INDEX).get("weight_map")
        names = sorted({str(name) for name in placed.values()}) if isinstance(placed, dict) else []
        if not names or any("/" in name or "\\" in name for name in names):
            raise ModelNotUsable(f'The list of weights in "{path.name}" cannot be read.')
        for name in names:
            if not (path / name).is_file():
                raise _lacking(path, name)
        return tuple(path / name for name in names)
    if any(file for pattern in _PICKLES for file in path.glob(pattern)):
        raise ModelNotUsable(
            f'The weights in "{path.name}" are pickled, which can hold programs: they are not loaded.',
            hint="Get the model as safetensors.",
        )
    raise _lacking(path, _WEIGHTS)


def _measure(file: Path) -> tuple[int, int]:
    """How many parameters a safetensors file holds, and its bytes; it must end where its header says."""
    size = file.stat().st_size
    try:
        with file.open("rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            if not 2 <= length <= min(_LONGEST_HEADER, size - 8):
                raise ValueError("no header")
            header = json.loads(opened.read(length))
        tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
        end = max((int(tensor["data_offsets"][1]) for tensor in tensors), default=0)
        parameters = sum(_elements(tensors))
    except (OSError, struct.error, *_NONSENSE) as error:
        raise ModelNotUsable(f'"{file.name}" is cut off or damaged.') from error
    if 8 + length + end != size:
        raise ModelNotUsable(f'"{file.name}" is cut off: {size:,} of {8 + length + end:,} bytes are there.')
    return parameters, size


def _elements(tensors: list[Mapping[str, Any]]) -> Iterator[int]:
    for tensor in tensors:
        first, last = tensor["data_offsets"]
        yield (int(last) - int(first)) // _BYTES[tensor["dtype"]]


def _json(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise _lacking(file.parent, file.name)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelNotUsable(f'"{file.name}" in "{file.parent.name}" cannot be read.') from error
    if not isinstance(content, dict):
        raise ModelNotUsable(f'"{file.name}" in "{file.parent.name}" cannot be read.')
    return content


def _lacking(path: Path, name: str) -> ModelNotUsable:
    return ModelNotUsable(f'"{name}" is missing in "{path.name}".', hint="Download the model again, all of its files.")
