"""The process that a piece is made in. One order comes in by stdin; steps, sound and the end go out by stdout.

A message is its kind (one byte), its length (eight bytes, little-endian), and its content: JSON, or samples as float32,
channel after channel.
"""

from __future__ import annotations

import base64
import json
import math
import os
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from sonicforge_studio.domain import Samples, StudioError
from sonicforge_studio.domain.neural import Sampling

HEAD = struct.Struct("<cQ")
READY, STEP, SOUND, DONE, ERROR, FULL = b"r", b"s", b"a", b"d", b"e", b"m"
"""What the messages are: the model is loaded, a step, sound, all of it was there, a failure, no memory is left."""
_LEAD_SECONDS = 4.0
"""Of what is continued, so much is sounded before its end, for the codec to find into it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made."""

    folder: str
    prompt: str
    seed: int
    seconds: float
    precision: str = "float32"
    sampling: Sampling = field(default_factory=Sampling)
    threads: int = 1
    tune: tuple[int, ...] = ()
    """For melody models: the pitch class of each place."""
    tail: bytes = b""
    """What the piece begins with, as samples stand in a message. Sound is sent back only from ``FADE_SECONDS`` before
    its end on."""

    @classmethod
    def read(cls, text: bytes) -> Order:
        """The inverse of ``write``."""
        told = json.loads(text)
        settled = {
            "sampling": Sampling(**told["sampling"]),
            "tune": tuple(told["tune"]),
            "tail": base64.b64decode(told["tail"]),
        }
        return cls(**{**told, **settled})

    def write(self) -> bytes:
        return json.dumps({**asdict(self), "tail": base64.b64encode(self.tail).decode()}).encode()


def serve() -> None:
    """Make what stdin orders, and end."""
    # Ctrl-C reaches the whole group: it is the parent that says what then ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not come between the answers.
    os.dup2(2, 1)
    tell = _telling(answers)
    try:
        _make(Order.read(sys.stdin.buffer.read()), tell)
        tell(DONE, b"")
    except StudioError as error:
        tell(ERROR, json.dumps({"kind": type(error).__name__, **error.as_dict()}).encode())
    except MemoryError:
        tell(FULL, b"")
    except RuntimeError as error:
        # PyTorch tells of memory that cannot be had in words alone.
        if "memory" not in str(error).lower():
            raise
        tell(FULL, b"")


def _make(order: Order, tell: Callable[[bytes, bytes], None]) -> None:
    import numpy as np
    import torch

    from sonicforge_studio.generation.musicgen.continuing import fade_frames
    from sonicforge_studio.generation.musicgen.loading import MusicGen
    from sonicforge_studio.generation.musicgen.model_folder import read_model_folder
    from sonicforge_studio.generation.musicgen.pieces import write_piece
    from sonicforge_studio.generation.musicgen.sounding import Sounding

    torch.set_num_threads(order.threads)
    folder = read_model_folder(Path(order.folder))
    model = MusicGen(folder, "int8" if order.precision == "int8" else "float32")
    frames = max(1, math.ceil(order.seconds * folder.frame_rate_hz - 1e-6))
    length = max(1, round(order.seconds * folder.sample_rate_hz))
    tell(READY, json.dumps({"rate": folder.sample_rate_hz, "channels": folder.channels, "frames": length}).encode())
    sounding = Sounding(model)
    written, given, unsent = 0, 0, 0

    def part(codes: torch.Tensor) -> None:
        nonlocal written, given
        written += codes.shape[2]
        block = sounding.add(codes[0], last=written == frames)[:, : length - given]
        start = min(max(0, unsent - given), block.shape[1])
        given += block.shape[1]
        tell(SOUND, _bytes_of(block[:, start:]))

    before = None
    if order.tail:
        tail = np.frombuffer(order.tail, dtype="<f4").astype(np.float32).reshape(folder.channels, -1)
        unsent = tail.shape[1] - fade_frames(folder.sample_rate_hz)
        before = model.codes(tail)
        written = max(0, before.shape[2] - round(_LEAD_SECONDS * folder.frame_rate_hz))
        given = written * (tail.shape[1] // before.shape[2])
        part(before[:, :, written:])
    dice = [torch.Generator().manual_seed(order.seed)]
    write_piece(
        model.decoder, model.told([order.prompt], order.tune), frames, dice, order.sampling,
        frame_rate_hz=folder.frame_rate_hz, before=before, part=part,
        step=lambda done, total: tell(STEP, json.dumps([done, total]).encode()),
    )  # fmt: skip


def _bytes_of(block: Samples) -> bytes:
    return block.astype("<f4", order="C").tobytes()


def _telling(answers: IO[bytes]) -> Callable[[bytes, bytes], None]:
    def tell(kind: bytes, content: bytes) -> None:
        try:
            answers.write(HEAD.pack(kind, len(content)) + content)
            answers.flush()
        except OSError:
            # Killed parents do not say good-bye.
            os._exit(1)

    return tell


if __name__ == "__main__":
    serve()
