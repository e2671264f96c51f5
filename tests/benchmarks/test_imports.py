"""Every name that a benchmark imports from the project exists."""

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
OURS = ("evo", "genomes")


def is_package(module: ModuleType) -> bool:
    """Return whether a module may hold others."""
    return hasattr(module, "__path__")


@pytest.mark.parametrize("script", sorted(BENCHMARKS.glob("*.py")), ids=lambda path: path.stem)
def test_what_a_benchmark_imports_of_the_project_exists(script: Path) -> None:
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in OURS:
            module = import_module(str(node.module))
            for alias in node.names:
                is_module = find_spec(f"{node.module}.{alias.name}") if is_package(module) else None
                assert hasattr(module, alias.name) or is_module, f"{node.module}.{alias.name}"
