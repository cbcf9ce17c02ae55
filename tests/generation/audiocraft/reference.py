"""Run by an interpreter that has audiocraft: a piece by audiocraft's own ``generate``, as raw float32.

``reference.py WORKER FOLDER SEED SECONDS PROMPT FILE``
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

worker_file, folder, seed, seconds, prompt, file = sys.argv[1:]
spec = spec_from_file_location("audiocraft_worker", worker_file)
assert spec is not None
assert spec.loader is not None
worker = module_from_spec(spec)
spec.loader.exec_module(worker)
model = worker.load_model(Path(folder), "cpu", "float32")

import torch  # noqa: E402 – after the placeholders, as the worker has it

torch.set_num_threads(1)
torch.manual_seed(int(seed))
# The stride is what a window adds: 12 of 20 seconds.
model.set_generation_params(duration=float(seconds), top_k=64, extend_stride=12)
Path(file).write_bytes(model.generate([prompt])[0].numpy().astype("<f4").tobytes())
