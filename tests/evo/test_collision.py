"""Another distribution with a package `evo` in the same folder: it is noticed, in one line."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def site(folder: Path, start: str | None, *others: str) -> Path:
    """Return a folder with our package, whose `__init__.py` is replaced or missing."""
    package = folder / "evo"
    package.mkdir()
    for path in (ROOT / "evo").iterdir():
        if path.name != "__init__.py":
            (package / path.name).symlink_to(path)
    (folder / "genomes").symlink_to(ROOT / "genomes")
    if start is not None:
        (package / "__init__.py").write_text(start, encoding="utf-8")
    for name in others:
        (package / name).write_text("")
    return folder


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python where this is installed."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def check_refused(folder: Path) -> None:
    done = python(folder, "-m", "evo", "--version")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("evo: the package evo is not that of kuznechik")
    done = python(folder, "-c", "import evo.api")
    assert "--force-reinstall --no-deps kuznechik" in done.stderr.splitlines()[-1]


def test_a_package_overwritten_by_the_other_distribution_is_refused(tmp_path: Path) -> None:
    check_refused(site(tmp_path, "__version__ = 'v1.38.1'\n", "main_ape.py"))


def test_a_package_left_by_the_uninstalled_other_distribution_is_refused(tmp_path: Path) -> None:
    check_refused(site(tmp_path, None))


def test_a_package_that_overwrote_the_other_distribution_works_with_a_warning(
    tmp_path: Path,
) -> None:
    ours = (ROOT / "evo" / "__init__.py").read_text(encoding="utf-8")
    done = python(site(tmp_path, ours, "main_ape.py"), "-m", "evo", "--version")
    assert done.returncode == 0
    assert "an unrelated project, is installed in the same folder" in done.stderr


def test_our_package_alone_gives_no_warning(tmp_path: Path) -> None:
    ours = (ROOT / "evo" / "__init__.py").read_text(encoding="utf-8")
    done = python(site(tmp_path, ours), "-W", "error", "-m", "evo", "--version")
    assert (done.returncode, done.stderr) == (0, "")
