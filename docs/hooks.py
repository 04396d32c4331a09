"""What the site holds besides the pages of this folder: the library, the gallery, root files."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/resweep"
GALLERY = ROOT / "build/gallery"
REPOSITORY_FILES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changes.md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the rooms of the library to the navigation."""
    pages = [f"library/{room.name}.md" for room in _rooms()]
    config.nav = [*(config.nav or []), {"Library": ["library/index.md", *pages]}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add pages that are made from the checkout."""
    for name, page in REPOSITORY_FILES.items():
        text = re.sub(r"\]\(docs/", "](", (ROOT / name).read_text(encoding="utf-8"))
        files.append(File.generated(config, page, content=text))
    rooms = _rooms()
    for room in rooms:
        page = f"library/{room.name}.md"
        files.append(File.generated(config, page, content=_room_page(room)))
    files.append(File.generated(config, "library/index.md", content=_index(rooms)))
    for report in sorted(GALLERY.glob("*.html")):
        path = f"gallery/{report.name}"
        files.append(File.generated(config, path, abs_src_path=str(report)))
    return files


def _rooms() -> list[Path]:
    return [path for path in sorted(PACKAGE.iterdir()) if (path / "__init__.py").exists()]


def _summary(path: Path) -> str:
    """Return the first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def _index(rooms: list[Path]) -> str:
    rows = [f"| [`{r.name}`]({r.name}.md) | {_summary(r / '__init__.py')} |" for r in rooms]
    lines = ["# The library", "", "| room | what is in it |", "| --- | --- |", *rows, ""]
    return "\n".join(lines)


def _room_page(room: Path) -> str:
    """Return the reference of a package, module by module."""
    lines = [f"# `resweep.{room.name}`", "", _summary(room / "__init__.py"), ""]
    for path in sorted(room.rglob("*.py")):
        if path.stem.startswith("_"):
            continue
        module = ".".join(("resweep", *path.relative_to(PACKAGE).with_suffix("").parts))
        lines += [f"## `{module}`", "", f"::: {module}", ""]
    return "\n".join(lines)
