"""An environment with audiocraft is used where ``SONICFORGE_AUDIOCRAFT_PYTHON`` names its Python: the suite itself
downloads nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.generation.audiocraft.environment import WORKER, keep, probe


def build_checkpoint(python: str, folder: Path, *, channels: int = 1) -> Path:
    """A tiny one, made by audiocraft itself."""
    script = Path(__file__).with_name("make_checkpoint.py")
    subprocess.run([python, script, WORKER, folder, str(channels)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def audiocraft_python() -> str:
    named = os.environ.get("SONICFORGE_AUDIOCRAFT_PYTHON")
    if not named:
        pytest.skip("SONICFORGE_AUDIOCRAFT_PYTHON names no Python that has audiocraft")
    return named


@pytest.fixture(scope="session")
def engines(audiocraft_python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where that environment is adopted."""
    folder = tmp_path_factory.mktemp("engines")
    keep(folder, probe(Path(audiocraft_python), SilentProgress()))
    return folder


@pytest.fixture(scope="session")
def mono_checkpoint(audiocraft_python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_checkpoint(audiocraft_python, tmp_path_factory.mktemp("checkpoints") / "mono")


@pytest.fixture(scope="session")
def stereo_checkpoint(audiocraft_python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_checkpoint(audiocraft_python, tmp_path_factory.mktemp("checkpoints") / "stereo", channels=2)
