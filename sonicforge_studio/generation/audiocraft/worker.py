"""Run by the interpreter that has audiocraft, by this file's path: makes a piece; with ``--probe`` says what is there.

It may be another Python (3.9 on) with another PyTorch, so nothing of the studio is imported. What goes through stdin
and stdout is as in ``musicgen/worker.py``: a message is its kind (one byte), its length (eight bytes, little-endian),
and its content: JSON, or samples as float32, channel after channel.

A checkpoint of audiocraft is a pickle, and a pickle can hold programs: it is read with ``weights_only`` and in no other
way.
"""

from __future__ import annotations

import errno
import json
import math
import os
import pickle
import platform
import signal
import struct
import sys
from functools import partial
from importlib import import_module, util
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Callable  # noqa: UP035 – Python 3.9 asks for this place where it is called

HEAD = struct.Struct("<cQ")
READY, STEP, SOUND, DONE, ERROR, FULL = b"r", b"s", b"a", b"d", b"e", b"m"
"""What the messages are: the model is loaded, a step, sound, all of it was there, a failure, no memory is left."""

LANGUAGE_MODEL, CODEC = "state_dict.bin", "compression_state_dict.bin"
"""The files of a checkpoint."""

NEEDED = ("torch", "transformers", "einops", "omegaconf", "huggingface_hub", "audiocraft")
"""What MusicGen is played with; all else that audiocraft imports has a placeholder."""
LEAST_TORCH = (2, 10)
"""Before it, ``weights_only`` let a file run a program (CVE-2025-32434, CVE-2026-24747)."""
LEAST_AUDIOCRAFT = (1, 3)

_PLACEHOLDERS = (
    # Fast attention; with PyTorch's own, which is audiocraft's default, two names of it are used: see below.
    "xformers", "xformers.ops",
    # Texts brought to a plainer form, which no public model asks for.
    "spacy", "num2words",
    # The tune of a melody model.
    "librosa", "torchaudio",
    # Sound files, read and resampled.
    "av", "soundfile", "julius",
    # Training, on several machines.
    "flashy", "flashy.distrib", "audiocraft.solvers", "audiocraft.solvers.compression",
)  # fmt: skip
_MOST_WORDS = 256
"""Of a text: the models were never told more."""
_KEPT_SHARE = 0.4
"""Of a window that the next one begins with, as audiocraft has it: 12 of 30 seconds."""
_BEFORE_SECONDS, _BEHIND_SECONDS = 4.0, 1.0
"""So much on either side is decoded along and thrown away: the codec listens to both sides of a place."""

_MEMORY = (
    "memory", "bad_alloc", "failed to map segment", "could not create a primitive", "can't start new thread",
    "alloc_failed",
)  # fmt: skip
"""How a lack of memory is told by PyTorch, C++, the loader of libraries, oneDNN, Python and CUDA's libraries."""

Tell = Callable[[bytes, bytes], None]


class Refused(Exception):
    """A failure to be told: ``kind`` is the studio's name of it."""

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.told = {"kind": kind, "message": message, "hint": hint}


class _Placeholder(ModuleType):
    """Stands where a module would that is imported and never used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def absent(*_: Any, **__: Any) -> Any:
            raise Refused("ModelNotUsable", f"This model needs {self.__name__}, which the engine does without.")

        return absent


def import_audiocraft() -> None:
    """Import what MusicGen needs of audiocraft. Before that, transformers must have seen which packages are there."""
    for name in ("EncodecModel", "RobertaTokenizer", "T5EncoderModel", "T5Tokenizer"):
        getattr(import_module("transformers"), name)
    for name in _PLACEHOLDERS:
        module = _Placeholder(name)
        module.__spec__ = ModuleSpec(name, None, is_package=True)
        module.__path__ = []
        sys.modules[name] = module
    torch = import_module("torch")
    # With PyTorch's attention the mask is only asked whether it is there.
    operations = SimpleNamespace(unbind=torch.unbind, LowerTriangularMask=object, memory_efficient_attention=None)
    sys.modules["xformers"].__dict__["ops"] = operations
    sys.modules["xformers.ops"].__dict__.update(vars(operations))
    sys.modules["librosa"].__dict__["filters"] = None
    sys.modules["flashy"].__dict__["distrib"] = sys.modules["flashy.distrib"]
    import_module("audiocraft.models.musicgen")


def probe() -> dict[str, Any]:
    """What this interpreter has: versions ("" for what is not there), what lacks in words, whether it has CUDA."""
    found = {name: _version_of(name) for name in NEEDED}
    missing = [name for name in NEEDED if not found[name]]
    if found["torch"] and _numbers(found["torch"]) < LEAST_TORCH:
        missing.append(f"torch {_dotted(LEAST_TORCH)} or newer (it has {found['torch']})")
    if found["audiocraft"] and _numbers(found["audiocraft"]) < LEAST_AUDIOCRAFT:
        missing.append(f"audiocraft {_dotted(LEAST_AUDIOCRAFT)} or newer (it has {found['audiocraft']})")
    about: dict[str, Any] = {"python": platform.python_version(), **found, "missing": missing, "cuda": False}
    about["failure"] = ""
    if not missing:
        try:
            import_audiocraft()
            about["cuda"] = bool(import_module("torch").cuda.is_available())
        except Exception as error:  # noqa: BLE001 – a broken package breaks in a way of its own
            about["failure"] = f"{type(error).__name__}: {error}"[:300]
    return about


def _version_of(name: str) -> str:
    if util.find_spec(name) is None:
        return ""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _numbers(text: str) -> tuple[int, ...]:
    """ "2.13.0+cpu" as (2, 13)."""
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in text.split("+")[0].split(".")[:2])


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def read_checkpoint(file: Path) -> dict[str, Any]:
    """What a checkpoint holds: text, numbers and tensors. A file with anything else in it is refused."""
    torch = import_module("torch")
    try:
        content = torch.load(str(file), map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise Refused(
            "ModelNotUsable",
            f'"{file.name}" holds more than weights, which could be a program: it is not loaded.',
            "Get the checkpoint from its makers again, or the model as safetensors.",
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        _let_memory_pass(error)
        raise Refused("ModelNotUsable", f'"{file.name}" is cut off or damaged.') from error
    if not isinstance(content, dict):
        raise Refused("ModelNotUsable", f'"{file.name}" is no checkpoint of audiocraft.')
    return content


def load_model(folder: Path, device: str, precision: str) -> Any:
    """audiocraft's ``MusicGen`` of a folder."""
    import_audiocraft()
    models = SimpleNamespace(
        **{name: import_module(f"audiocraft.models.{name}") for name in ("builders", "encodec", "loaders", "musicgen")}
    )
    told = read_checkpoint(folder / LANGUAGE_MODEL)
    codec = read_checkpoint(folder / CODEC)
    try:
        language_model = _language_model(told, folder, device, precision, models)
        return models.musicgen.MusicGen(folder.name, _codec(codec, folder, device, models), language_model)
    except Refused:
        raise
    except Exception as error:
        _let_memory_pass(error)
        # Builders tell of a configuration that they do not know by whatever they run into.
        raise Refused("ModelNotUsable", f'The checkpoint in "{folder.name}" cannot be loaded.') from error


def _language_model(told: dict[str, Any], folder: Path, device: str, precision: str, models: Any) -> Any:
    configuration = _configuration(told)
    configuration.device, configuration.dtype = device, precision
    for kind in {conditioner.model for name, conditioner in configuration.conditioners.items() if name != "args"}:
        if kind == "chroma_stem":
            raise Refused(
                "ModelNotUsable",
                f'The model in "{folder.name}" follows melodies, which needs a pickled model of demucs.',
                "Take a text model, or the melody model in transformers' format with --engine musicgen.",
            )
        if kind != "t5":
            raise Refused("ModelNotUsable", f'The model in "{folder.name}" listens by "{kind}"; only T5 is known.')
    for name in ("conditioners.args.merge_text_conditions_p", "conditioners.args.drop_desc_p"):
        models.loaders._delete_param(configuration, name)
    _read_texts_from(folder)
    model = models.builders.get_lm_model(configuration)
    model.load_state_dict(told["best_state"])
    for conditioner in model.condition_provider.conditioners.values():
        conditioner.t5_tokenizer = partial(conditioner.t5_tokenizer, truncation=True, max_length=_MOST_WORDS)
    model.cfg = configuration
    return model.eval()


def _codec(told: dict[str, Any], folder: Path, device: str, models: Any) -> Any:
    if "pretrained" in told:
        place = _Local(models.encodec.HFEncodecModel, folder, use_safetensors=True)
        return models.encodec.HFEncodecCompressionModel(place.from_pretrained(str(told["pretrained"]))).to(device)
    configuration = _configuration(told)
    configuration.device = device
    model = models.builders.get_compression_model(configuration)
    model.load_state_dict(told["best_state"])
    return model.eval()


def _configuration(told: dict[str, Any]) -> Any:
    text = told["xp.cfg"]
    if not isinstance(text, str):
        raise TypeError("a configuration is text")
    return import_module("omegaconf").OmegaConf.create(text)


class _Local:
    """A class of transformers whose models audiocraft asks for by name: they are taken from the checkpoint's folder or
    from what was fetched before, never fetched, and never from a pickle."""

    def __init__(self, kind: Any, folder: Path, **options: Any) -> None:
        self._kind, self._folder, self._options = kind, folder, options

    def from_pretrained(self, name: str) -> Any:
        beside = self._folder / name.split("/")[-1]
        try:
            return self._kind.from_pretrained(
                str(beside) if beside.is_dir() else name, local_files_only=True, **self._options
            )
        except Exception as error:
            _let_memory_pass(error)
            raise Refused(
                "ModelNotUsable",
                f'The checkpoint in "{self._folder.name}" needs the model "{name}", which is not on this machine.',
                f'Put it as safetensors into the folder "{beside.name}" beside "{LANGUAGE_MODEL}".',
            ) from error


def _read_texts_from(folder: Path) -> None:
    conditioners: Any = import_module("audiocraft.modules.conditioners")
    transformers = import_module("transformers")
    conditioners.T5Tokenizer = _Local(transformers.T5Tokenizer, folder)
    conditioners.T5EncoderModel = _Local(transformers.T5EncoderModel, folder, use_safetensors=True)


def serve() -> None:
    """Make what stdin orders, and end."""
    # Ctrl-C reaches the whole group: it is the parent that says what then ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tell = _telling()
    try:
        _make(json.loads(sys.stdin.buffer.read()), tell)
        tell(DONE, b"")
    except Refused as refused:
        tell(ERROR, json.dumps(refused.told).encode())
    except Exception as error:
        if not is_of_memory(error):
            raise
        tell(FULL, b"")


def _make(order: dict[str, Any], tell: Tell) -> None:
    torch = import_module("torch")
    torch.set_num_threads(order["threads"])
    if order["device"] == "cuda" and not torch.cuda.is_available():
        raise Refused("EngineUnavailable", "audiocraft finds no CUDA device.", "Use --device cpu.")
    model = load_model(Path(order["folder"]), order["device"], order["precision"])
    rate = model.sample_rate
    frames = max(1, math.ceil(order["seconds"] * model.frame_rate - 1e-6))
    length = max(1, round(order["seconds"] * rate))
    tell(READY, json.dumps({"rate": rate, "channels": model.audio_channels, "frames": length}).encode())
    given = 0

    def part(samples: Any) -> None:
        nonlocal given
        block = samples[:, : length - given].float().cpu().contiguous().numpy().astype("<f4")
        given += block.shape[1]
        tell(SOUND, block.tobytes())

    torch.manual_seed(order["seed"])
    reduced = order["precision"] != "float32"
    with torch.inference_mode(), torch.autocast(order["device"], torch.bfloat16, enabled=reduced):
        _write(model, order, frames, part, lambda done: tell(STEP, json.dumps([done, frames]).encode()))


def _write(
    model: Any, order: dict[str, Any], frames: int, part: Callable[[Any], None], step: Callable[[float], None]
) -> None:
    """``frames`` of codes in windows that each begin with the end of the one before; ``part`` is handed their sound."""
    torch = import_module("torch")
    attributes, _ = model._prepare_tokens_and_attributes([order["prompt"]], None)
    window = int(model.max_duration * model.frame_rate)
    kept = int(window * _KEPT_SHARE)
    sounding = _Sounding(model)
    written = torch.empty((1, model.lm.num_codebooks, 0), dtype=torch.long, device=model.device)
    while (there := written.shape[2]) < frames:
        known = min(there, kept)
        fresh = min(window - known, frames - there)

        def within(done: int, total: int, there: int = there, fresh: int = fresh) -> None:
            step(there + fresh * done / total)

        remembered = written[:, :, there - known :] if known else None
        codes = model.lm.generate(
            remembered, attributes, max_gen_len=known + fresh, callback=within, **_drawing(order, model.lm.card)
        )
        written = torch.cat([written, codes[:, :, known:]], dim=2)
        part(sounding.up_to(written, last=written.shape[2] == frames))


def _drawing(order: dict[str, Any], codes: int) -> dict[str, Any]:
    """The sampling figures, by audiocraft's names."""
    told = order["sampling"]
    return {
        "use_sampling": not told["greedy"],
        "temp": told["temperature"],
        "top_k": min(told["top_k"], codes),
        "top_p": told["top_p"],
        "cfg_coef": told["guidance"],
    }


class _Sounding:
    """The sound of codes. What the codec needs of the codes behind a place is waited for."""

    def __init__(self, model: Any) -> None:
        self._decode = model.compression_model.decode
        self._hop = round(model.sample_rate / model.frame_rate)
        self._before, self._behind = (round(x * model.frame_rate) for x in (_BEFORE_SECONDS, _BEHIND_SECONDS))
        self._given = 0
        """Frames of codes whose sound was given."""

    def up_to(self, codes: Any, *, last: bool) -> Any:
        """What can be heard by now of all codes ``(1, codebooks, n)`` and was not yet, shape ``(channels, frames)``."""
        there = codes.shape[2]
        end = there if last else max(self._given, there - self._behind)
        start = max(0, self._given - self._before)
        heard = self._decode(codes[:, :, start:])[0]
        block = heard[:, (self._given - start) * self._hop : (end - start) * self._hop]
        self._given = end
        return block


def is_of_memory(error: BaseException) -> bool:
    """Most libraries tell of memory that cannot be had in words alone."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    text = str(error).lower()
    return isinstance(error, (RuntimeError, ImportError)) and any(word in text for word in _MEMORY)


def _let_memory_pass(error: BaseException) -> None:
    """A lack of memory is no fault of a file."""
    if is_of_memory(error):
        raise error


def _telling() -> Tell:
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not come between the answers.
    os.dup2(2, 1)

    def tell(kind: bytes, content: bytes) -> None:
        try:
            answers.write(HEAD.pack(kind, len(content)) + content)
            answers.flush()
        except OSError:
            # Killed parents do not say good-bye.
            os._exit(1)

    return tell


def main() -> None:
    """This file's folder is not a place to import from."""
    sys.path[:] = [place for place in sys.path if Path(place or ".").resolve() != Path(__file__).resolve().parent]
    if "--probe" in sys.argv:
        answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        answers.write(json.dumps(probe()))
        answers.close()
    else:
        serve()


if __name__ == "__main__":
    main()
