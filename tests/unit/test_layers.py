"""Imports go one way: a room of the library never imports from one that stands below it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src/resweep"
LAYERS = [
    "errors", "words", "markdown", "files", "yamlfile", "space", "ledger", "sources", "evidence",
    "refinement", "sweep", "tasks", "champions", "reporting", "workflow", "commands",
    "cli",
]  # fmt: skip
MODULES = {
    ".".join(("resweep", *path.relative_to(PACKAGE).with_suffix("").parts)): path
    for path in PACKAGE.rglob("*.py")
}


def imported(path: Path) -> set[str]:
    """The modules of this library that a module imports when it runs, in functions too."""
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("resweep"):
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in MODULES else node.module)
    return found & set(MODULES)


def layer(module: str) -> int:
    return LAYERS.index(module.split(".")[1])


def test_every_room_has_a_layer():
    rooms = {name.split(".")[1] for name in MODULES} - {"__init__"}
    assert rooms == set(LAYERS)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_one_way(module):
    if module != "resweep.__init__":
        assert [m for m in imported(MODULES[module]) if layer(m) > layer(module)] == []


def test_no_module_imports_itself_by_a_detour():
    graph = {module: imported(path) - {module} for module, path in MODULES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)
