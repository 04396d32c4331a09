import pandas as pd

from resweep import markdown


def test_tables_survive_what_is_in_their_cells():
    lines = markdown.table(["a", "b"], [("x|y", "two\nlines")])
    assert lines == ["| a | b |", "| --- | --- |", "| x\\|y | two lines |"]


def test_a_frame_is_shown_to_a_person():
    frame = pd.DataFrame({"name": ["lr"], "p": [0.123456], "n": [3], "sure": [True], "no": [None]})
    assert markdown.frame_table(frame)[-1] == "| lr | 0.1235 | 3 | yes | – |"


def test_a_document_has_blank_lines_between_its_parts():
    found = markdown.document("# Title", ["- a", "- b"], "", markdown.source("a.csv", "b.csv"))
    assert found == "# Title\n\n- a\n- b\n\n*From `a.csv` and `b.csv`.*\n"
