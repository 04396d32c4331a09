import io

import pytest
import running_sweeps as sweeps
from markup import Checker
from running_sweeps import NOW, record

from resweep import cli
from resweep.reporting.live.page import live_page, progress_line, watch
from resweep.reporting.live.progress import read_progress


@pytest.fixture
def folder(tmp_path):
    return sweeps.launched(tmp_path / "results" / "v3")


def look(folder, now=NOW):
    return read_progress(folder.parent, "v3", now)


def test_the_line_of_a_sweep_that_has_just_begun(folder):
    line = progress_line(look(folder))
    assert line == "v3: 0 of 12 trials, 0 running, waiting for trials to start"
    sweeps.running(folder, 0)
    line = progress_line(look(folder))
    assert line == "v3: 0 of 12 trials, 1 running, time left not known yet"


def test_the_line_half_way(folder):
    sweeps.half_way(folder)
    assert progress_line(look(folder)) == (
        "v3: 5 of 12 trials (3 complete, 1 pruned, 1 failed), 2 running, best 0.45 (trial 3), "
        "about 32 s left"
    )
    assert progress_line(look(folder, NOW + 3600)).endswith("no sign of life for 60 min")


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (90, "v3: 5 of 12 trials (1 failed), 2 running, best 0.45 (trial 3), about 32 s left"),
        (75, "v3: 5 of 12 trials, 2 running, best 0.45 (trial 3), about 32 s left"),
        (30, "v3: 5 of 12 trials, 2 runnin…"),
    ],
)
def test_the_line_says_less_where_there_is_less_room(folder, columns, line):
    sweeps.half_way(folder)
    assert progress_line(look(folder), columns) == line


def test_the_line_of_a_finished_sweep(folder):
    sweeps.ended(folder, 0, *(record(number) for number in range(12)))
    line = progress_line(look(folder))
    assert line == "v3: 12 of 12 trials (12 complete, 0 failed), best 0.5 (trial 0), finished"


def test_the_page_half_way(folder):
    sweeps.half_way(folder)
    text = live_page(look(folder), "12:34:56", 5.0)
    found = Checker(text)
    assert found.sections == ["progress", "history", "running", "latest"]
    assert 'http-equiv="refresh" content="5"' in text
    assert '<progress max="12" value="5"' in text
    assert "As of 12:34:56" in found.text and "about 32 s" in found.text
    assert "nan: <b>loss</b>" in found.text  # escaped
    assert "best of its ancestors" in found.text and 'value="0.41"' in text
    assert "under way" in found.text and 'value="0.33"' in text


@pytest.mark.parametrize("now", [NOW, NOW + 10**5])
def test_pages_of_sweeps_that_began_ended_or_were_stopped(folder, now):
    begun = live_page(look(folder, now), "12:00:00", 5.0)
    assert "No trial has ended yet." in Checker(begun).text
    assert ("perhaps stopped" in begun) == (now != NOW)
    sweeps.ended(folder, 0, *(record(number, "FAIL") for number in range(12)))
    over = live_page(look(folder, now), "12:00:00", None)
    assert "finished" in Checker(over).text and "refresh" not in over


def test_watching_once_writes_the_page_and_nothing_else(folder):
    sweeps.half_way(folder)
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}
    out = io.StringIO()
    watch("v3", folder.parent, once=True, out=out)
    assert out.getvalue().startswith("v3: 5 of 12 trials") and out.getvalue().count("\n") == 1
    assert "refresh" not in (folder / "live.html").read_text()
    after = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}
    assert after.pop(folder / "live.html") and after == before


def test_watching_ends_with_the_sweep_and_repeats_no_line(folder, monkeypatch):
    steps = iter([lambda: None, lambda: sweeps.ended(folder, 0, *map(record, range(12)))])
    monkeypatch.setattr("time.sleep", lambda seconds: next(steps)())
    out = io.StringIO()
    watch("v3", folder.parent, every=0.5, out=out)
    lines = out.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "v3: 0 of 12 trials",
        "v3: 12 of 12 trials (12 complete",
    ]
    assert "finished" in (folder / "live.html").read_text()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_the_line_is_rewritten_and_fits(folder, monkeypatch):
    sweeps.half_way(folder)
    monkeypatch.setenv("COLUMNS", "40")

    def interrupted(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    out = Terminal()
    watch("v3", folder.parent, out=out)  # an interrupt ends it quietly
    line = out.getvalue().removeprefix("\r\x1b[2K")
    assert line.endswith("…\n") and len(line) <= 40


def test_the_command(folder, capsys, monkeypatch):
    sweeps.half_way(folder)
    monkeypatch.chdir(folder.parents[1])
    assert cli.main(["live", "v3", "--once"]) == 0
    assert "5 of 12 trials" in capsys.readouterr().out
    assert cli.main(["live", "v4", "--once"]) == 1
    assert "resweep: sweep v4 in results: has not started" in capsys.readouterr().err
    assert not (folder.parent / "v4").exists()
    assert cli.main(["live", "v3", "--once", "--results", "elsewhere"]) == 1


@pytest.mark.parametrize("every", ["0", "-1", "nan", "soon"])
def test_the_time_between_looks_is_a_sensible_number(every, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["live", "v3", "--every", every])
    assert left.value.code == 2
    assert "is not between 0.1 and 86400 seconds" in capsys.readouterr().err
