import os

import pytest

from resweep.errors import InputError
from resweep.workflow import digests as code


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that writes a module of a small package and clears what was cached."""
    monkeypatch.setattr(code, "ROOT", tmp_path)

    def write(name: str, text: str):
        path = tmp_path.joinpath(*name.split(".")[1:]).with_suffix(".py")
        if name == "resweep":
            path = tmp_path / "__init__.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        code._read.cache_clear()
        return path

    write("resweep", '"""Package."""\n')
    write("resweep.a", '"""A."""\n\nfrom resweep.b import f\n\n\ndef g(x):\n    return f(x)\n')
    write("resweep.b", '"""B."""\n\n\ndef f(x):\n    """Double."""\n    return 2 * x  # twice\n')
    write("resweep.c", "def h():\n    return 3\n")
    return write


def test_code_of_the_closure_counts(package):
    before = code.digest("resweep.a")
    package("resweep.b", "def f(x):\n    return 3 * x\n")
    assert code.digest("resweep.a") != before


def test_a_reverted_edit_gives_the_old_digest(package):
    before = code.digest("resweep.a")
    package("resweep.c", "def h():\n    return 4\n")
    package("resweep.b", "def f(x):\n    return 3 * x\n")
    package("resweep.b", "def f(x):\n    return 2 * x\n")
    assert code.digest("resweep.a") == before


def test_docstrings_comments_and_format_do_not_count(package):
    before = code.digest("resweep.a")
    package("resweep.b", '"""Other."""\n# why\ndef f(x): return (2*x)\n')
    assert code.digest("resweep.a") == before


def test_a_touch_does_not_count(package):
    path = package("resweep.b", "def f(x):\n    return 2 * x\n")
    before = code.digest("resweep.a")
    os.utime(path, (0, 0))
    assert code.digest("resweep.a") == before


def test_modules_outside_the_closure_do_not_count(package):
    before = code.digest("resweep.a")
    package("resweep.c", "def h():\n    return 4\n")
    assert code.digest("resweep.a") == before
    assert code.digest("resweep.c") != before


def test_imports_for_types_only_do_not_count(package):
    text = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from resweep.c import h\n"
        "else:\n    from resweep.b import f\n"
    )
    package("resweep.d", text)
    before = code.digest("resweep.d")
    package("resweep.c", "def h():\n    return 4\n")
    assert code.digest("resweep.d") == before
    package("resweep.b", "def f(x):\n    return 5\n")
    assert code.digest("resweep.d") != before


def test_imports_inside_functions_and_of_submodules_count(package):
    package("resweep.d", "def g():\n    from resweep.sub import x\n    return x\n")
    package("resweep.sub.x", "V = 1\n")
    package("resweep.sub.__init__", "")
    before = code.digest("resweep.d")
    package("resweep.sub.x", "V = 2\n")
    assert code.digest("resweep.d") != before


def test_the_packages_around_a_module_count(package):
    package("resweep.sub.__init__", "")
    package("resweep.sub.x", "V = 1\n")
    before = code.digest("resweep.sub.x")
    package("resweep.sub.__init__", "print(1)\n")
    assert code.digest("resweep.sub.x") != before


def test_a_script_is_named_by_its_path(package, tmp_path):
    script = tmp_path / "elsewhere" / "script.py"
    script.parent.mkdir()
    script.write_text("from resweep.b import f\n")
    before = code.digest(str(script))
    moved = tmp_path / "script.py"
    moved.write_text(script.read_text())
    assert code.digest(str(moved)) == before  # wherever the checkout is
    package("resweep.b", "def f(x):\n    return 5\n")
    assert code.digest(str(script)) != before
    with pytest.raises(FileNotFoundError):
        code.digest(str(tmp_path / "missing.py"))


def test_modules_beside_the_current_folder_count(package, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("import numpy\nimport helper\n")
    (tmp_path / "helper.py").write_text("X = 1\n")
    before = code.digest("mine")
    (tmp_path / "helper.py").write_text("X = 22\n")
    code._read.cache_clear()
    assert code.digest("mine") != before


def test_relative_imports_count(package, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine" / "deep").mkdir(parents=True)
    (tmp_path / "mine" / "__init__.py").write_text("from .tools import f\n")
    files = ("tools", "model", "deep/net", "deep/layer")
    for name in files:
        (tmp_path / "mine" / f"{name}.py").write_text("X = 1\n")
    (tmp_path / "mine" / "model.py").write_text("from . import other\nfrom .deep import net\n")
    (tmp_path / "mine" / "other.py").write_text("Y = 1\n")
    (tmp_path / "mine" / "deep" / "__init__.py").write_text("")
    (tmp_path / "mine" / "deep" / "net.py").write_text("from .layer import X\nfrom .. import far\n")
    (tmp_path / "mine" / "far.py").write_text("Z = 1\n")
    for edited in ("tools", "other", "deep/net", "deep/layer", "far"):
        before = code.digest("mine.model")
        path = tmp_path / "mine" / f"{edited}.py"
        path.write_text(path.read_text() + "NEW = 1\n")
        code._read.cache_clear()
        assert code.digest("mine.model") != before, edited


def test_a_module_that_is_not_python_is_named(package, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("X = 1\ndef f(:\n")
    with pytest.raises(InputError, match=r"mine\.py, line 2: is not Python"):
        code.digest("mine")


def test_modules_that_import_each_other(package):
    package("resweep.x", "import resweep.y\n")
    package("resweep.y", "import resweep.x\n")
    assert len(code.digest("resweep.x")) == 16


def test_real_modules():
    code._read.cache_clear()
    assert code.digest("resweep.evidence.elites") != code.digest("resweep.evidence.overview")
    assert code.digest("resweep.ledger.trials") == code.digest("resweep.ledger.trials")
