"""Spaces in the languages of other tools, read back where the tool is here."""

from pathlib import Path

import optuna
import pytest
import yaml
from optuna.distributions import IntDistribution

from resweep import cli
from resweep.errors import InputError
from resweep.ledger.trials import Ledger
from resweep.refinement.refine import refine
from resweep.sources.wandb import read_sweep
from resweep.space.emit import TOOLS, emit
from resweep.space.model import Space

V2 = Path(__file__).parents[3] / "config/spaces/v2.yaml"


def test_optuna_code_draws_points_of_the_space():
    space = Space.load(V2)
    names: dict = {}
    exec(emit(space, "optuna"), names)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(30):
        trial = study.ask()
        params = names["suggest"](trial)
        space.check(trial.params)
        assert params == {**space.fixed, **trial.params}


def test_a_sweep_of_wandb_is_read_back(tmp_path):
    space = Space.load(V2)
    (tmp_path / "sweep.yaml").write_text(emit(space, "wandb"))
    domains, objective, _ = read_sweep(tmp_path / "sweep.yaml")
    assert (objective.name, objective.direction) == ("value", space.direction)
    for param in space:
        if param.step is None:
            found, own = domains[param.name], param.distribution()
            assert found == own or isinstance(own, IntDistribution)
    assert yaml.safe_load(emit(space, "wandb"))["run_cap"] == space.n_trials


def test_code_for_ray_and_ax_is_python():
    space = Space.load(V2)
    compile(emit(space, "ray"), "ray", "exec")
    names: dict = {}
    exec(emit(space, "ax"), names)
    assert [p["name"] for p in names["parameters"]] == [*space.fixed, *space.names]


def test_the_command_and_a_tool_that_is_not_known(capsys):
    assert cli.main(["emit", str(V2), "--to", "wandb"]) == 0
    assert "method: bayes" in capsys.readouterr().out
    with pytest.raises(InputError, match='"optna" is not known; did you mean "optuna"'):
        emit(Space.load(V2), "optna")
    assert set(TOOLS) == {"optuna", "wandb", "ray", "ax"}


def test_spaces_and_refinements_show_themselves_in_notebooks():
    space = Space.load(V2).replace(study_name="<b>v2</b>")
    text = space._repr_html_()
    assert "<td>lr</td>" in text and "encoder_type is cnn" in text and "<b>v2" not in text
    ledger = Ledger.load(V2.parents[2] / "tests/fixtures/v2_trials.csv", space)
    shown = refine(space, ledger, n_trials=10, seed=0)._repr_html_()
    assert "<th>action</th>" in shown and "<caption>" in shown
