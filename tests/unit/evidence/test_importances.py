"""Importances against Optuna's own evaluators, on spaces of every kind of parameter."""

import warnings

import numpy as np
import optuna
import pandas as pd
import pytest

from resweep.evidence.fanova import Forest, highest, single
from resweep.evidence.importances import importances
from resweep.evidence.ped_anova import ped_anova
from resweep.ledger.trials import Ledger
from resweep.space.model import Parameter, Space

pytestmark = pytest.mark.filterwarnings("ignore:The distribution is specified")

PARAMS = (
    Parameter("zeta", "float", 0.0, 1.0),
    Parameter("lr", "float", 1e-5, 1e-1, log=True),
    Parameter("depth", "int", 2, 9),
    Parameter("width", "int", 1, 512, log=True),
    Parameter("rate", "float", 0.0, 1.0, step=0.3),
    Parameter("even", "int", 0, 11, step=2),
    Parameter("kind", "categorical", choices=("a", "b", "c", None)),
    Parameter("flag", "categorical", choices=(True, False)),
    Parameter("batch", "categorical", choices=(8, 16, 32, 64), ordered=True),
    Parameter("alone", "categorical", choices=("only",)),
    Parameter("still", "int", 3, 3),
    Parameter("many", "categorical", choices=tuple(range(9))),
    Parameter("child", "float", -1.0, 1.0, condition={"flag": (True,)}),
)


def draw(n, seed):
    """Return assignments as Optuna takes them, and a response that depends on some."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        row = {}
        for one in PARAMS:
            if any(row[parent] not in allowed for parent, allowed in one.condition.items()):
                continue
            if one.choices is not None:
                row[one.name] = one.choices[rng.integers(len(one.choices))]
            elif one.step or one.type == "int":
                step = one.step or 1
                steps = int((highest(one) - one.low) / step + 1e-9)
                row[one.name] = one.cast(round(one.low + step * rng.integers(steps + 1), 12))
            elif one.log:
                row[one.name] = float(np.exp(rng.uniform(np.log(one.low), np.log(one.high))))
            else:
                row[one.name] = float(rng.uniform(one.low, one.high))
        rows.append(row)
    score = np.array([r["zeta"] + (r["kind"] == "b") + np.log(r["lr"]) / 9 for r in rows])
    return rows, score + rng.normal(0, 0.3, n)


def coded(one, value):
    if one.choices is None:
        return float(value)
    return float(next(i for i, choice in enumerate(one.choices) if choice is value))


def theirs(rows, score, names, evaluator):
    distributions = {p.name: p.distribution() for p in PARAMS}
    study = optuna.create_study(direction="maximize")
    study.add_trials(
        [
            optuna.create_trial(
                params=row, distributions={k: distributions[k] for k in row}, value=float(s)
            )
            for row, s in zip(rows, score, strict=True)
        ]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return optuna.importance.get_param_importances(study, evaluator=evaluator, params=names)


@pytest.mark.parametrize(("n", "seed"), [(10, 0), (23, 1), (60, 2), (140, 3)])
@pytest.mark.parametrize("resampled", [False, True])
def test_fanova_is_that_of_optuna(n, seed, resampled):
    rows, score = draw(n, seed)
    used = [p for p in PARAMS if not p.condition]
    forest = Forest(used, [np.array([coded(p, r[p.name]) for r in rows]) for p in used])
    index = np.arange(n)
    if resampled:
        index = np.random.default_rng(seed).integers(0, n, n)
    found = forest.importances(score[index], index)
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=16, seed=0)
    names = [p.name for p in used]
    expected = theirs([rows[i] for i in index], score[index], names, evaluator)
    assert dict(zip(forest.names, found, strict=True)) == pytest.approx(expected, abs=1e-6)
    assert found.max() > 0.2


@pytest.mark.parametrize(("n", "seed"), [(4, 5), (10, 0), (23, 1), (140, 3)])
@pytest.mark.parametrize("resampled", [False, True])
def test_ped_anova_is_that_of_optuna(n, seed, resampled):
    rows, score = draw(n, seed)
    score = np.round(score, 1)  # ties at the quantile
    index = np.arange(n)
    if resampled:
        index = np.random.default_rng(seed).integers(0, n, n)
    active = [np.array([p.name in row for row in rows]) for p in PARAMS]
    values = [np.array([coded(p, r[p.name]) for r in rows if p.name in r]) for p in PARAMS]
    found = ped_anova(list(PARAMS), active, values, score[index][None], index[None])[0]
    present = [p.name for p in PARAMS if any(p.name in rows[i] for i in index)]
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=0.25)
    expected = theirs([rows[i] for i in index], score[index], present, evaluator)
    ours = dict(zip([p.name for p in PARAMS], found, strict=True))
    assert {k: ours[k] for k in present} == pytest.approx(expected, abs=1e-9)
    assert all(np.isnan(ours[k]) for k in ours if k not in present)


def test_a_response_that_never_changes_has_no_importances():
    rows, score = draw(12, 0)
    used = [p for p in PARAMS if not p.condition]
    values = [np.array([coded(p, r[p.name]) for r in rows]) for p in used]
    assert Forest(used, values).importances(np.ones(12)) is None
    active = [np.ones(12, dtype=bool) for _ in used]
    scores = np.stack([np.ones(12), score])
    found = ped_anova(used, active, values, scores, np.array([np.arange(12)] * 2))
    assert np.isnan(found[0]).all() and found[1].sum() == pytest.approx(1.0)


def test_nothing_to_vary_means_no_importances():
    only = [p for p in PARAMS if p.name in ("alone", "still")]
    values = [np.zeros(12), np.full(12, 3.0)]
    assert Forest(only, values).importances(np.arange(12.0)) is None


@pytest.mark.parametrize("one", PARAMS, ids=lambda p: p.name)
def test_single_and_highest_are_those_of_the_distribution(one):
    distribution = one.distribution()
    assert single(one) == distribution.single()
    if one.is_numeric:
        assert highest(one) == pytest.approx(distribution.high)


@pytest.mark.parametrize("evaluator", ["fanova", "ped_anova"])
def test_the_table_finds_what_matters_and_says_how_sure(evaluator):
    rows, score = draw(80, 7)
    frame = pd.DataFrame({"number": range(80), "value": score, "state": "COMPLETE"})
    for one in PARAMS:
        frame[f"params_{one.name}"] = pd.Series([r.get(one.name) for r in rows], dtype=object)
    space = Space("s", "maximize", 80, {"type": "none"}, {}, PARAMS)
    ledger = Ledger(frame, pd.DataFrame(columns=["number", "step", "value"]), space)
    table = importances(ledger, evaluator, n_bootstrap=10)
    again = importances(ledger, evaluator, n_bootstrap=10)
    pd.testing.assert_frame_equal(table, again)
    by_name = table.set_index("parameter")
    assert by_name.loc["kind", "important"] and not by_name.loc["alone", "important"]
    assert (by_name["importance_low"] <= by_name["importance_high"]).all()
    assert by_name.loc["child", "n"] == sum(r["flag"] for r in rows)
