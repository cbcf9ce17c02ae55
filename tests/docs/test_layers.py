"""The layer contract holds, and bites."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "sonicforge_studio"
KERNELS_MAY_IMPORT = {"llvmlite", "numpy", "numba", "rocket_fft", "sonicforge_studio"} | sys.stdlib_module_names


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("domain", "import sonicforge_studio.audio"),
        ("library", "import sonicforge_studio.mastering"),
        ("cli", "import sonicforge_studio.ui"),
        ("kernels", "import sonicforge_studio.domain"),
    ],
)
def test_a_broken_contract_is_noticed(tmp_path: Path, room: str, line: str) -> None:
    shutil.copytree(PACKAGE, tmp_path / "sonicforge_studio", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "sonicforge_studio" / room / "trespass.py").write_text(f"{line}\n")
    broken = lint(tmp_path)
    assert broken.returncode != 0
    assert "trespass" in broken.stdout


def test_a_room_that_the_contract_does_not_name_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "sonicforge_studio", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "sonicforge_studio" / "utils").mkdir()
    (tmp_path / "sonicforge_studio" / "utils" / "__init__.py").write_text("")
    assert "utils" in lint(tmp_path).stdout


def test_qt_is_imported_in_the_window_only() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] == "ui":
            continue
        named = {name.split(".")[0] for name in imports_of(path)}
        assert not named & {"PySide6", "pyqtgraph", "qasync"}, path


def test_kernels_import_arrays_and_numba_only() -> None:
    for path in (PACKAGE / "kernels").rglob("*.py"):
        assert {name.split(".")[0] for name in imports_of(path)} <= KERNELS_MAY_IMPORT, path


def test_nothing_heavy_is_imported_by_the_program() -> None:
    for path in PACKAGE.rglob("*.py"):
        named = {name.split(".")[0] for name in imports_of(path)}
        assert not named & {"scipy", "librosa", "sklearn", "pandas", "essentia", "pyloudnorm"}, path


def test_help_needs_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys, contextlib, io\n"
        "from sonicforge_studio.cli.main import main\n"
        "with contextlib.redirect_stdout(io.StringIO()): main(['--help'])\n"
        "print(sorted({'numba', 'numpy', 'av', 'torch', 'PySide6'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.strip() in ("[]", "['numpy']")
