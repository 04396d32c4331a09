"""What a workflow's jobs inherit, and how its scripts end."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import resweep
from resweep.errors import InputError
from resweep.workflow.scripts import main, share_library


def test_jobs_find_this_interpreter_and_this_library_first(monkeypatch):
    monkeypatch.setenv("PATH", os.pathsep.join(["/usr/bin", "/bin"]))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    share_library()
    share_library()  # a cluster's job parses the rules again
    interpreters = str(Path(sys.executable).parent)
    assert os.environ["PATH"].split(os.pathsep) == [interpreters, "/usr/bin", "/bin"]
    assert os.environ["PYTHONPATH"] == str(Path(resweep.__file__).parents[1])


def test_what_a_person_put_on_the_paths_stays(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    share_library()
    assert os.environ["PYTHONPATH"].split(os.pathsep)[1:] == ["/elsewhere"]


def test_a_script_without_snakemake_was_merely_imported():
    main(lambda snakemake: pytest.fail("ran"), {})


def test_bad_input_is_one_message_in_the_log_and_at_the_end(tmp_path):
    def run(snakemake):
        print("on the way")
        raise InputError("is wrong", where="space.yaml, line 3", mend="mend it")

    snakemake = SimpleNamespace(log=[str(tmp_path / "log")])
    with pytest.raises(SystemExit) as end:
        main(run, {"snakemake": snakemake})
    message = "resweep: space.yaml, line 3: is wrong. Mend it."
    assert end.value.code == message
    assert (tmp_path / "log").read_text() == f"on the way\n{message}\n"
