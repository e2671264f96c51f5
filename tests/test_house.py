"""The architecture: imports between rooms, lengths of modules and functions, no cycles."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("evo", "genomes", "experiments")
    for path in sorted((ROOT / package).rglob("*.py"))
}
# A room may import the rooms in lower lines, and itself.
FLOORS = (
    ("cli", "api"),
    ("experiments",),
    ("analysis",),
    ("runs",),
    ("experiment",),
    ("workers",),
    ("engines", "fitness"),
    ("music",),
    ("core", "data"),
)
FLOOR = {room: len(FLOORS) - n for n, rooms in enumerate(FLOORS) for room in rooms}


def room_of(module: str) -> str:
    """Return the room of a module.

    evo.engines.ga.pool is in engines, genomes.grid in genomes.
    """
    parts = module.split(".")
    if parts[0] == "evo":
        return parts[1] if len(parts) > 1 else "evo"
    return parts[0]


def names_in(node: ast.expr) -> set[str]:
    """Return the names in an expression."""
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


@cache
def tree_of(module: str) -> ast.Module:
    """Return the parsed source of a module."""
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> list[tuple[str, str, bool]]:
    """Return (module, name, whether at the top) of every project import."""
    return list(_imports_of(tree_of(module)))


def _imports_of(tree: ast.Module) -> Iterator[tuple[str, str, bool]]:
    deferred = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) or (
            isinstance(node, ast.If) and {"TYPE_CHECKING", "__name__"} & names_in(node.test)
        ):
            deferred |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module.split(".")[0] in ("evo", "genomes"):
                for alias in node.names:
                    yield node.module, alias.name, id(node) not in deferred
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in ("evo", "genomes"):
                    yield alias.name, "", id(node) not in deferred


# One test for all modules: a case for each of hundreds would cost more than the check.
def test_imports_go_one_way() -> None:
    for module in MODULES:
        room = room_of(module)
        for imported, _, at_top in imports_of(module):
            other = room_of(imported)
            if room == "genomes":
                assert other == "genomes", f"{module} imports {imported}"
            elif room in FLOOR and other in FLOOR and room != other and at_top:
                assert FLOOR[room] > FLOOR[other], f"{module} imports {imported}"


def test_nothing_private_is_imported_from_another_module() -> None:
    for module in MODULES:
        private = [name for _, name, _ in imports_of(module) if name.startswith("_")]
        assert [name for name in private if not name.startswith("__")] == [], module


def test_there_are_no_cycles_of_imports_between_modules() -> None:
    graph = {
        module: {
            target
            for imported, name, at_top in imports_of(module)
            if at_top
            for target in (f"{imported}.{name}", imported)
            if target in MODULES and target != module
        }
        for module in MODULES
    }
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for other in sorted(graph[module]):
                visit(other, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_modules_and_functions_are_of_a_length_that_can_be_read() -> None:
    for module, path in MODULES.items():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, module
        long = [
            f"{module}.{node.name}: {node.end_lineno - node.lineno + 1} lines"
            for node in ast.walk(tree_of(module))
            if isinstance(node, ast.FunctionDef)
            and node.end_lineno is not None
            and node.end_lineno - node.lineno >= 80
        ]
        assert long == []
