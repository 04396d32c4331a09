"""Digest of the code that a result depends on: a module and all resweep modules that it imports.

Snakemake tracks the text of a rule but not the modules behind it. Every rule therefore carries
`digest` of the modules it runs, so that editing one analysis re-runs that analysis and what
depends on it, and nothing else. Comments, docstrings and formatting do not count.
"""

from __future__ import annotations

import ast
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from resweep.errors import InputError

PACKAGE = "resweep"
ROOT = Path(__file__).parents[1]


def digest(*names: str) -> str:
    """Return a digest of the modules `names`, with everything they import from this package.

    Parameters
    ----------
    *names : str
        Modules (``resweep.ledger.trials``), or paths of scripts. Modules of other packages are
        taken with the files that they import from their own folder, if they can be found.

    Raises
    ------
    FileNotFoundError
        If a script does not exist.
    InputError
        If a file is not Python.
    """
    seen: dict[str, str] = {}
    queue = list(names)
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        path = Path(name) if name.endswith(".py") else _path_of(name)
        if path is None:
            continue
        text, imports = _read(path, path.stat().st_mtime_ns)
        seen[Path(name).name if name.endswith(".py") else name] = text
        parents = [] if name.endswith(".py") else name.split(".")[:-1]
        around = name.split(".") if path.name == "__init__.py" else parents
        queue += [_absolute(imported, around) for imported in imports]
        queue += [".".join(parents[: i + 1]) for i in range(len(parents))]
    joined = "\0".join(f"{name}\0{seen[name]}" for name in sorted(seen))
    return sha256(joined.encode()).hexdigest()[:16]


def _absolute(module: str, around: list[str]) -> str:
    """Return the full name of an imported module; leading dots count up from the package around."""
    name = module.lstrip(".")
    up = len(module) - len(name)
    package = around[: max(0, len(around) - up + 1)] if up else []
    return ".".join(filter(None, [*package, name]))


def _path_of(module: str) -> Path | None:
    """Return the file of a module of this package, or of one beside the current folder."""
    parts = module.split(".")
    base = ROOT.joinpath(*parts[1:]) if parts[0] == PACKAGE else Path(*parts)
    candidates = (base.parent / f"{base.name}.py", base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


@cache
def _read(path: Path, _stamp: int) -> tuple[str, tuple[str, ...]]:
    """Return the code of a file without comments and docstrings, and the modules it imports."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"{path}, line {line}" if line else str(path)
        raise InputError(f"is not Python ({error})", where=where, mend="correct it") from None
    imports: set[str] = set()
    tree = _WithoutTypeChecking().visit(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            dot = "." if node.module else ""
            imports |= {base, *(f"{base}{dot}{alias.name}" for alias in node.names)}
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _drop_docstring(node)
    return ast.dump(tree), tuple(sorted(imports))


class _WithoutTypeChecking(ast.NodeTransformer):
    """Drops ``if TYPE_CHECKING:`` blocks, which never run."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        typing_only = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return node.orelse if typing_only else self.generic_visit(node)


def _drop_docstring(node: Any) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        node.body = node.body[1:] or [ast.Pass()]
