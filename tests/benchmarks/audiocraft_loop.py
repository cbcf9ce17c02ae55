"""audiocraft's own decode loop at musicgen-small's size, with random weights, where there is a Python that has it: the
one that ``SONICFORGE_AUDIOCRAFT_PYTHON`` names, else the one that the studio keeps.

That Python runs this file too, so nothing of the studio is imported at its top.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

_FRAMES_A_SECOND = 50
_PROMPT = "lofi hip hop with warm rhodes drums bass slow piano ambient"
_MAKER = Path(__file__).parents[1] / "generation" / "audiocraft" / "make_checkpoint.py"


def audiocraft_rate(steps: int) -> float | None:
    """Seconds of audio a second of ``steps`` guided steps on the CPU, the better of two runs; None without audiocraft.

    What is counted is the language model, as in ``neural.py``: twelve words, two rows, cores − 1 threads.
    """
    from sonicforge_studio.domain import StudioError
    from sonicforge_studio.generation.audiocraft.environment import WORKER, find
    from sonicforge_studio.host import open_folders

    python = os.environ.get("SONICFORGE_AUDIOCRAFT_PYTHON", "")
    if not python:
        try:
            kept = find(open_folders().engines)
        except StudioError:
            return None
        if kept is None:
            return None
        python = kept.python
    environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}
    command = [python, __file__, str(WORKER), str(steps)]
    said = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return float(said.stdout.split()[-1])


def _measure(worker_file: str, steps: int) -> float:
    worker, maker = _loaded(Path(worker_file)), _loaded(_MAKER)
    worker.import_audiocraft()
    import torch
    from audiocraft.models import builders
    from audiocraft.modules.conditioners import ConditioningAttributes
    from omegaconf import OmegaConf

    torch.manual_seed(0)
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    configuration = maker.LANGUAGE_MODEL.format(
        dim=1024, heads=16, layers=24, codebooks=4, card=2048, delays=[0, 1, 2, 3], window_seconds=30.0, stereo="false"
    )
    with tempfile.TemporaryDirectory() as folder:
        maker._make_text_model(Path(folder) / "t5-small")
        worker._read_texts_from(Path(folder))
        model = builders.get_lm_model(OmegaConf.create(configuration)).eval()
    conditions = [ConditioningAttributes(text={"description": _PROMPT})]
    taken = []
    for _ in range(2):
        began = time.perf_counter()
        model.generate(None, conditions, max_gen_len=steps)
        taken.append(time.perf_counter() - began)
    return steps / _FRAMES_A_SECOND / min(taken)


def _loaded(file: Path) -> Any:
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    # This folder's kernels.py is not the package of that name, which transformers looks for.
    del sys.path[0]
    print(_measure(sys.argv[1], int(sys.argv[2])))
