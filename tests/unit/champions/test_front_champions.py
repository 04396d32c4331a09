"""Champions of several objectives: points of the front, judged in each objective."""

import numpy as np
import pytest
from pairs import OBJECTIVES, pair_ledger, pair_space

from resweep.champions.card import model_card
from resweep.champions.finalists import finalists
from resweep.champions.judgement import TABLES, front_tables
from resweep.errors import InputError

POINTS = [(0.0, 0.0), (1.0, 0.5), (3.0, 0.0), (2.0, 0.0), (1.0, 0.0), (3.0, 0.9)]


def test_finalists_are_points_of_the_front():
    chosen = finalists(pair_ledger(POINTS), 4)
    assert {point["number"] for point, _ in chosen} == {0, 2, 3, 4}
    for rank, (point, space) in enumerate(chosen):
        assert point["rank"] == rank
        assert space.objectives == OBJECTIVES
    fifth, _ = finalists(pair_ledger(POINTS), 5)[4]
    assert fifth["number"] in (1, 5)  # of the next front
    with pytest.raises(InputError, match="only 6 points ended with a value"):
        finalists(pair_ledger(POINTS), 7)


def test_finalists_average_repeats_and_keep_to_constraints():
    twice = pair_ledger([*POINTS, (2.0, 0.0)])
    found = {p["number"]: p for p, _ in finalists(twice, 4)}
    assert found[3]["n_repeats"] == 2
    bound = pair_ledger(POINTS, pair_space(constraints={"cost": {"max": 1.0}}),
                        cost=[0, 0, 2, 0, 0, 0])  # fmt: skip
    assert 2 not in {p["number"] for p, _ in finalists(bound, 4)}


def judged(gain, noise=0.1, sweeps=("v3", "v2"), top=2):
    """Two champions each; those of the first sweep are better in size by `gain`."""
    rng = np.random.default_rng(1)
    chosen, runs = {}, {}
    for sweep in sweeps:
        chosen[sweep] = []
        for rank in range(top):
            values = [1.0 - 2 * rank, 6.0 - 3 * rank - gain * (sweep == sweeps[0])]
            point = {"rank": rank, "number": 5 * rank, "value": 1 - rank / 10, "n_repeats": 1}
            chosen[sweep].append(point | {"params": {"x": rank}, "values": values})
            runs[sweep, rank] = [
                {"values": (np.array(values) + noise * rng.standard_normal(2)).tolist()}
                for _ in range(4)
            ]
    return front_tables(runs, chosen, OBJECTIVES)


def test_a_front_that_is_better_takes_the_place_of_the_other():
    tables = judged(1.0)
    assert set(tables) == set(TABLES)
    assert tables["succession"]["verdict"].tolist() == ["replaces"]
    assert tables["champions"].set_index("sweep")["stands"].loc["v3"].all()
    found = tables["comparison"].set_index("second")
    assert found.index.tolist() == ["v2", "v2: accuracy", "v2: size"]
    assert found.loc["v2", "difference"] > 0
    assert found.loc["v2: size", "difference"] == pytest.approx(1.0, abs=0.3)
    assert found.loc["v2: size", "p"] < 0.01 < found.loc["v2: accuracy", "p"]
    each = tables["objectives"]
    assert len(each) == 8 and each["n"].eq(4).all()
    assert each["on_front"][each["sweep"] == "v3"].all()
    assert (each["low"] < each["mean"]).all() and (each["mean"] < each["high"]).all()
    text = model_card("v3", tables, None)
    assert "accuracy, maximized | size, minimized | on the front" in text
    assert "| v2: size | 8 | +" in text


def test_fronts_that_are_equal_leave_the_older_one():
    tables = judged(0.0, noise=0.5)
    assert 0.05 < tables["succession"]["p_better"][0] < 0.8
    assert tables["champions"].set_index("sweep")["stands"].loc["v2"].all()


def test_without_noise_the_values_decide():
    assert judged(1.0, noise=0.0)["succession"]["p_better"].tolist() == [1.0]
    assert judged(0.0, noise=0.0)["succession"]["p_better"].tolist() == [0.5]
    alone = judged(0.0, sweeps=("v3",))
    assert alone["succession"].empty and alone["champions"]["stands"].all()
