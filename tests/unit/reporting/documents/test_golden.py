"""The documents of the fixture study and of its child are those that a person accepted."""

import re

import golden
import pytest

WRITTEN = sorted(str(path.relative_to(golden.FOLDER)) for path in golden.FOLDER.glob("*/*.md"))


def test_every_document_has_its_golden_file():
    assert sorted(golden.documents()) == WRITTEN


@pytest.mark.parametrize("name", WRITTEN)
def test_document(name):
    accepted = (golden.FOLDER / name).read_text(encoding="utf-8")
    assert golden.documents()[name] == accepted, (
        "if the change is meant, run python tests/unit/reporting/documents/golden.py and read the "
        "difference"
    )


@pytest.mark.parametrize("name", WRITTEN)
def test_markdown_is_well_formed(name):
    text = golden.documents()[name]
    assert text.startswith("# ") and text.endswith("\n") and not text.endswith("\n\n")
    assert not re.search(r"\bnan\b|\| None \|", text)
    assert "``" not in text and "  \n" not in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(columns) == 1, block
