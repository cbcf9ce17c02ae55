"""The model hub: which files a model has there, in which revision, and their bytes.

Its API is that of huggingface.co (https://huggingface.co/docs/hub/api); ``HF_ENDPOINT`` names another place, as it does
for Hugging Face's own programs. Nothing of it is asked before someone wants a model.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from sonicforge_studio.domain import StudioError
from sonicforge_studio.domain.errors import BadSetting, HubRefused, ModelNotUsable
from sonicforge_studio.generation.models._web import Answer, Answered, Wait, ask
from sonicforge_studio.generation.models.offer import HubFile

_USUAL = "https://huggingface.co"
_WEIGHTS = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
_BESIDE = frozenset({
    "config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json", "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "spiece.model",
})  # fmt: skip
_LONGEST_LISTING = 8 << 20


@dataclass(frozen=True, slots=True)
class Listing:
    """What is needed of a model, in one revision that never changes."""

    revision: str
    files: tuple[HubFile, ...]


class Hub:
    """The hub that ``HF_ENDPOINT`` names, or else huggingface.co."""

    def __init__(self, endpoint: str = "") -> None:
        """Raises ``BadSetting`` for what is no address of the web."""
        self._endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or _USUAL).rstrip("/")
        parts = urlsplit(self._endpoint)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise BadSetting(
                f'HF_ENDPOINT is "{self._endpoint}", which is no address of a model hub.',
                hint="Set it to one such as https://huggingface.co, or leave it out.",
            )

    def listing(self, model: str, wait: Wait) -> Listing:
        """What the hub has of ``model`` ("facebook/musicgen-small") now.

        Raises ``Passing``, ``HubRefused``, and ``ModelNotUsable`` where there are no safetensors.
        """
        try:
            with ask(f"{self._endpoint}/api/models/{quote(model)}/revision/main?blobs=true", wait) as answer:
                content = b"".join(_no_longer_than(_LONGEST_LISTING, answer))
        except Answered as answered:
            raise refusal(model, answered.status) from answered
        try:
            told = json.loads(content)
            revision = str(told["sha"])
            files = tuple(_file_of(entry) for entry in told["siblings"])
            if not re.fullmatch(r"[0-9a-f]{40}", revision):
                raise ValueError("no revision")
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise _unreadable() from error
        return Listing(revision, _needed(model, files))

    def open(self, model: str, revision: str, file: HubFile, wait: Wait, start: int) -> AbstractContextManager[Answer]:
        """A file's bytes from ``start`` on. Raises ``Passing`` and ``Answered``."""
        return ask(f"{self._endpoint}/{quote(model)}/resolve/{revision}/{quote(file.name)}", wait, start)


def _file_of(entry: dict[str, Any]) -> HubFile:
    large = entry.get("lfs") or {}
    sha256 = str(large.get("sha256") or "")
    size = int(entry["size"])
    if size < 0:
        raise ValueError("no size")
    return HubFile(str(entry["rfilename"]), size, sha256, "" if sha256 else str(entry.get("blobId") or ""))


def _needed(model: str, files: Iterable[HubFile]) -> tuple[HubFile, ...]:
    """Configuration, tokenizer and weights as safetensors; pickles never."""
    by_name = {file.name: file for file in files}
    if _WEIGHTS in by_name:
        weights = {_WEIGHTS}
    elif _INDEX in by_name:
        weights = {_INDEX, *filter(_SHARD.fullmatch, by_name)}
    else:
        raise ModelNotUsable(
            f'The hub has no weights of "{model}" as safetensors, and others are not loaded.',
            hint="Choose another model.",
        )
    # The small ones first: what is wrong with a model shows before its gigabytes have come.
    wanted = sorted(by_name.keys() & (weights | _BESIDE), key=lambda name: (by_name[name].size_bytes, name))
    return tuple(by_name[name] for name in wanted)


def _no_longer_than(most_bytes: int, answer: Answer) -> Iterable[bytes]:
    came = 0
    for block in answer.blocks():
        came += len(block)
        if came > most_bytes:
            raise _unreadable()
        yield block


def _unreadable() -> StudioError:
    return HubRefused("The model hub gave an answer that cannot be read.", hint="Is HF_ENDPOINT the address of a hub?")


def refusal(model: str, status: int) -> StudioError:
    """What a status means to a person."""
    if status in (401, 403):
        # Of a model that it does not have, the hub says the same.
        return HubRefused(f'The model hub does not give "{model}" to everybody, or does not have it.')
    if status == 404:
        return HubRefused(f'The model hub does not have "{model}".')
    return HubRefused(f'The model hub did not give "{model}" (it answered {status}).')
