"""What a run shows: the moving line, the stages, and that nobody else's lines are damaged."""

import io
import json
import logging

import running_sweeps
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.tests import MockOutputSettings, TestLogHandlerBase

from resweep.reporting.live.screen import Screen, clock_text, stage
from snakemake_logger_plugin_resweep import LogHandler


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def trials(screen, folder, job=7):
    screen.start(job, "trials", {"sweep": "v3", "job": "00003"},
                 [str(folder / "v3/trials/00003.jsonl")], "v3: trials of job 00003")  # fmt: skip


def test_a_terminal_shows_where_the_sweep_is_on_one_line(tmp_path, monkeypatch):
    now = running_sweeps.half_way(tmp_path / "v3")
    monkeypatch.setattr("resweep.reporting.live.progress.time.time", lambda: now)
    out, clock = Terminal(), Clock()
    screen = Screen(out, clock)
    trials(screen, tmp_path)
    line = out.getvalue()
    assert "\n" not in line
    assert line.startswith("v3  5/12  best 0.45 (trial 3)  1 failed  ") and line.endswith(" left")
    clock.now += 100
    running_sweeps.ended(tmp_path / "v3", 3, running_sweeps.record(5, value=0.7))
    screen.refresh()
    assert out.getvalue().split("\x1b[2K")[-1].startswith("v3  6/12  best 0.7 (trial 5)")
    screen.say("a word")
    assert "\r\x1b[2Ka word\nv3  6/12" in out.getvalue()
    screen.close()
    assert out.getvalue().endswith("\r\x1b[2K")


def test_a_log_file_hears_of_each_tenth_and_of_no_escape(tmp_path, monkeypatch):
    now = running_sweeps.half_way(tmp_path / "v3")
    monkeypatch.setattr("resweep.reporting.live.progress.time.time", lambda: now)
    out, clock = io.StringIO(), Clock()
    screen = Screen(out, clock)
    trials(screen, tmp_path)
    for _ in range(5):
        clock.now += 5
        screen.refresh()
    assert out.getvalue().count("\n") == 1 and "\x1b" not in out.getvalue()
    clock.now += 60
    screen.refresh()
    assert out.getvalue().count("v3  5/12") == 2
    running_sweeps.ended(tmp_path / "v3", 3, *(running_sweeps.record(n) for n in (5, 6, 7)))
    clock.now += 2
    screen.refresh()
    assert out.getvalue().count("\n") == 3 and "v3  8/12" in out.getvalue()
    screen.close()


def test_between_sweeps_the_line_says_what_is_being_done():
    out = Terminal()
    screen = Screen(out, Clock())
    screen.start(1, "importances", {"sweep": "v2"}, ["a.csv"], "v2: weighing parameters")
    assert out.getvalue() == "v2  weighing parameters"
    screen.finish(1)
    assert out.getvalue().endswith("\r\x1b[2K")
    screen.close()


def test_a_line_is_cut_to_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    out = Terminal()
    screen = Screen(out, Clock())
    screen.start(1, "mine", None, ["a.csv"], "x" * 100)
    assert len(out.getvalue()) == 19
    screen.close()


def test_a_finished_ledger_is_a_stage(tmp_path):
    running_sweeps.half_way(tmp_path / "v3")
    out, clock = io.StringIO(), Clock()
    screen = Screen(out, clock)
    trials(screen, tmp_path)
    clock.now = 75.0
    screen.start(9, "ledger", {"sweep": "v3"}, [str(tmp_path / "v3/trials.csv")], "")
    screen.finish(9)
    said = "v3  5 trials: 3 complete, 1 pruned, 1 failed; best 0.45 (trial 3)  [1:15]"
    assert said in out.getvalue()
    screen.finish(9)  # a second time is no stage
    assert out.getvalue().count(said) == 1
    screen.close()


def test_stages_tell_what_their_files_say(tmp_path):
    checks = [{"name": "space", "ok": True}, {"name": "probe", "ok": True, "detail": "4 minutes"}]
    (tmp_path / "preflight.json").write_text(json.dumps({"checks": checks}))
    told = stage("preflight", "v2", [tmp_path / "preflight.json"], 3.0)
    assert told == "v2  launch checklist: 2 of 2 right; 4 minutes  [0:03]"
    (tmp_path / "decisions.csv").write_text("parameter,action\na,keep\nb,fix\nc,expand\nd,fix\n")
    told = stage("refine", "v3", [tmp_path / "space.yaml", tmp_path / "decisions.csv"], 3.0)
    assert told == "v3  space: 3 of 4 parameters changed (fix 2, expand 1)  [0:03]"
    (tmp_path / "midsweep.json").write_text('{"decision": "stop", "reason": "no gain"}')
    assert "half-way: stop, no gain" in stage("midsweep", "v3", [tmp_path / "midsweep.json"], 1.0)
    assert stage("preflight", "v2", [tmp_path / "gone.json"], 3.0) == "v2  preflight done  [0:03]"
    assert stage("elites", "v2", [tmp_path / "elites.csv"], 1.0) is None


def test_durations_read_like_a_clock():
    assert [clock_text(s) for s in (0.4, 70, 3723)] == ["0:00", "1:10", "1:02:03"]


class TestPlugin(TestLogHandlerBase):
    """Snakemake's own contract for such plugins, and what ours lets through."""

    __test__ = True

    def get_log_handler_cls(self):
        return LogHandler

    def get_log_handler_settings(self):
        return None

    def record(self, message, level=logging.INFO, **extra):
        return self._create_event_record(None, message, level, **extra)

    def test_only_what_a_person_wants_to_see_comes_through(self, capsys):
        handler = self._create_handler()
        handler.emit(self.record("Select jobs to execute..."))
        handler.emit(self.record("best of v3: 0.8", outcome=True))
        handler.emit(self.record("Nothing to be done (all requested files are present)."))
        handler.emit(self.record("a warning,\nwhole", logging.WARNING))
        handler.close()
        expected = "best of v3: 0.8\nNothing to be done (all requested files are present).\n"
        assert capsys.readouterr().err == f"{expected}a warning,\nwhole\n"

    def test_an_error_comes_with_the_log_of_its_job(self, capsys, tmp_path):
        (tmp_path / "job.log").write_text("resweep: the reason\n")
        handler = self._create_handler()
        log = str(tmp_path / "job.log")
        known = {"rule_name": "trials", "rule_msg": "", "jobid": 3, "input": [], "output": ["a"]}
        known |= {"log": [log], "conda_env": None, "shellcmd": "python -m x", "aux": {}}
        event = LogEvent.JOB_ERROR
        handler.emit(self._create_event_record(event, "Error", logging.ERROR, **known))
        handler.close()
        told = capsys.readouterr().err
        assert "Error in rule trials:" in told and "python -m x" in told
        assert "resweep: the reason" in told

    def test_a_dry_run_is_told_by_snakemake(self, capsys):
        settings = MockOutputSettings()
        settings.dryrun, settings.stdout = True, True
        handler = LogHandler(settings, None)
        handler.emit(self.record("Building DAG of jobs..."))
        handler.close()
        assert capsys.readouterr().out == "Building DAG of jobs...\n"
