import math
import shutil
from hashlib import sha256

import pandas as pd
import pytest
import studies

from resweep.errors import InputError
from resweep.reporting.inputs import read_champions, read_refined, read_sweep, read_table


@pytest.fixture
def folder(tmp_path):
    """A sweep as it lies in its folder, with the least that a report needs."""
    shutil.copy(studies.ROOT / "config/spaces/v2.yaml", tmp_path / "space.yaml")
    shutil.copy(studies.ROOT / "tests/fixtures/v2_trials.csv", tmp_path / "trials.csv")
    (tmp_path / "analysis").mkdir()
    return tmp_path


def test_the_least_that_a_report_needs(folder):
    sweep = read_sweep(folder, "v2")
    assert len(sweep.points) == 20
    assert (sweep.timings, sweep.provenance, sweep.launch) == (None, None, None)
    assert list(sweep.digests) == ["space.yaml", "trials.csv"]
    digest = sha256((folder / "trials.csv").read_bytes()).hexdigest()
    assert sweep.digests["trials.csv"] == digest
    assert read_sweep(folder).name == folder.name


def test_all_that_lies_beside_it(folder):
    (folder / "analysis/overview.csv").write_text("quantity,value,unit,n\ntrials,20,trials,20\n")
    (folder / "timings.csv").write_text("number,seconds\n0,1.5\n")
    (folder / "provenance.json").write_text('{"python": "3.11"}')
    (folder / "launch.json").write_text("{}")
    sweep = read_sweep(folder)
    assert sweep.fact("overview", "trials") == 20
    assert sweep.timings["seconds"].tolist() == [1.5]
    assert sweep.provenance == {"python": "3.11"} and sweep.launch == {}
    assert "launch.json" in sweep.digests


def test_facts_that_are_not_known(folder):
    sweep = read_sweep(folder)
    assert math.isnan(sweep.fact("overview", "trials"))
    assert sweep.table("power").empty and sweep.row("power", "lr") is None


@pytest.mark.parametrize("name", ["provenance.json", "launch.json"])
def test_damaged_json_is_named(folder, name):
    (folder / name).write_text("{")
    with pytest.raises(InputError, match=f"{name}: is not JSON"):
        read_sweep(folder)


def test_a_damaged_table_is_named(folder):
    (folder / "analysis/power.csv").write_text('a,b\n"1,2\n3,4,5\n')
    with pytest.raises(InputError, match=r"power\.csv: is not a CSV table"):
        read_sweep(folder)


def test_none_and_nan_may_be_names(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("parameter,choice,q\nNone,NA,\nnan,null,0.5\n")
    found = read_table(path)
    assert found["parameter"].tolist() == ["None", "nan"]
    assert found["choice"].tolist() == ["NA", "null"]
    assert found["q"].isna().tolist() == [True, False]


def test_an_empty_table_is_no_table(tmp_path):
    (tmp_path / "t.csv").write_text("")
    assert read_table(tmp_path / "t.csv").empty


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"t\.csv: is not a CSV table"):
        read_table(tmp_path / "t.csv")


def test_decisions_need_no_back_test(folder):
    (folder / "decisions.csv").write_text("parameter,action\nlr,keep\n")
    refined = read_refined(read_sweep(folder, "v2"), folder, "v3")
    assert refined.decisions["action"].tolist() == ["keep"]
    assert refined.backtest.empty and refined.name == "v3"


def test_champions_that_were_not_trained(tmp_path):
    found = read_champions(tmp_path)
    assert found.champions.empty and found.confusion.empty
    pd.DataFrame({"sweep": ["v3"]}).to_csv(tmp_path / "champions.csv", index=False)
    assert read_champions(tmp_path).champions["sweep"].tolist() == ["v3"]
