"""Studies in which 0, 1, 2 or 4 of 12 parameters matter, by several samplers, pruners and noises.

``model`` is Resweep's own sampler; a child knows as many random trials of the same space, which are
no evidence of its own.
Truth, in standard deviations of the noise: ``peak`` falls by 4 from its best value 0.4 and stays
there; ``flag`` is better by 3; ``size`` rises by 4 toward a bound that may grow; ``penalty`` falls
by 4 from its neutral value 0. The other eight do nothing. The tables of ``calibration.py`` count
null parameters that are restricted, right decisions, and optima that are lost (the best that stays
is worse than the best by more than a quarter of the noise).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from simulated import simulate

from resweep.evidence.units import study_effects
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.refinement.decisions import Decision
from resweep.refinement.policy import ConservativePolicy
from resweep.refinement.refine import build_cases
from resweep.refinement.rules import decide
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.launch import sweep_ledger
from resweep.sweep.plan import Plan, Proposal
from resweep.sweep.schedule import seed_for

PARAMS = (
    Parameter("peak", "float", 0.0, 1.0),
    Parameter("flag", "categorical", choices=(True, False)),
    Parameter("size", "int", 0, 6, limits=(0, 12)),
    Parameter("penalty", "float", 0.0, 1.0, neutral=0.0),
    *(Parameter(f"null_{i}", "float", 0.0, 1.0) for i in range(3)),
    *(Parameter(f"switch_{i}", "categorical", choices=(True, False)) for i in range(2)),
    Parameter("three", "categorical", choices=("a", "b", "c")),
    Parameter("ladder", "categorical", choices=(8, 16, 32, 64), ordered=True),
    Parameter("four", "categorical", choices=("a", "b", "c", "d")),
)
SPACE = Space("effects", "maximize", 100, {"type": "none"}, {}, PARAMS)
FIRST, SECOND = ("a", "b"), ("c", "d")  # choices of `four` under which a parameter is active
BRANCHES = {"peak": FIRST, "null_1": FIRST, "penalty": SECOND, "null_2": SECOND}
BRANCHED = SPACE.replace(
    params=tuple(
        p.replace(condition={"four": BRANCHES[p.name]} if p.name in BRANCHES else {})
        for p in sorted(PARAMS, key=lambda p: p.name in BRANCHES)
    )
)
REAL = {0: (), 1: ("peak",), 2: ("peak", "flag"), 4: ("peak", "flag", "size", "penalty")}
RESTRICTING = ("fix", "narrow", "shift")
MARGIN = 0.25  # noise standard deviations that may be lost
POLICY = ConservativePolicy(n_permutations=20)  # its rules permute nothing

EPOCHS = 20  # of a trial that is not pruned
PRUNERS: dict[str, Callable] = {
    "hyperband": lambda: _pruners().HyperbandPruner(3, EPOCHS, 3),
    "median": lambda: _pruners().MedianPruner(n_startup_trials=5, n_warmup_steps=2),
    "halving": lambda: _pruners().SuccessiveHalvingPruner(1, 3),
}

GAIN: dict[str, Callable] = {
    "peak": lambda x: -4 * np.minimum(1, np.abs(x - 0.4) / 0.5),
    "flag": lambda x: 3.0 * (x is True or x == True),  # noqa: E712
    "size": lambda x: 4 * x / 6,
    "penalty": lambda x: -4 * x,
}


def _pruners():
    from optuna import pruners

    return pruners


def sampler_of(name: str, seed: int):
    """Return an Optuna sampler by its name in the tables."""
    from optuna import samplers

    kinds = {
        "random": lambda: samplers.RandomSampler(seed=seed),
        "TPE": lambda: samplers.TPESampler(seed=seed, multivariate=True),
        "TPE univariate": lambda: samplers.TPESampler(seed=seed, multivariate=False),
        "CMA-ES": lambda: samplers.CmaEsSampler(seed=seed),
        "GP": lambda: samplers.GPSampler(seed=seed, deterministic_objective=False),
    }
    return kinds[name]()


def observed(kind: str, gain: float, row: dict, rng: np.random.Generator) -> float:
    """Add noise of a kind to what an assignment is worth."""
    if kind == "hetero":
        return gain + (0.3 + 1.4 * row["null_0"]) * rng.normal()
    if kind == "diverge" and rng.random() < 0.2:
        return -12.0 + 0.1 * rng.normal()
    if kind == "cause" and row["null_0"] > 0.7 and rng.random() < 0.6:
        return -12.0 + 0.1 * rng.normal()
    if kind == "ties":  # an accuracy over 50 examples whose binomial noise is about one
        share = np.clip(0.5 + 0.07 * gain, 0.02, 0.98)
        return float(rng.binomial(50, share)) / 50
    return gain + rng.normal()


def study(sampler: str, n: int, n_effects: int, kind: str, seed: int) -> Ledger:
    """Run one study."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rng = np.random.default_rng([seed, n, n_effects, 41])
    space = BRANCHED if kind == "branches" else SPACE
    if sampler in OURS:
        return swept(sampler, n, n_effects, kind, seed)
    rows, values = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if sampler == "grid x seeds":
            rows = grid_rows(n, rng)
            own = {}
            for row in rows:  # configurations have small effects of their own
                key = tuple(row.values())
                own.setdefault(key, 0.5 * rng.normal())
                gain = sum(float(GAIN[name](row[name])) for name in REAL[n_effects])
                values.append(observed(kind, gain + own[key], row, rng))
        else:
            search = optuna.create_study(
                study_name=f"{sampler}{seed}",  # hyperband's brackets follow from it
                direction="maximize",
                sampler=sampler_of(sampler, seed),
                pruner=PRUNERS[kind]() if kind in PRUNERS else None,
            )
            if kind in PRUNERS:
                return pruned(search, n, n_effects, rng)
            for _ in range(n):
                trial = search.ask()
                row: dict = {}
                for p in space:
                    if space.is_active(p.name, row):
                        row[p.name] = trial._suggest(p.name, p.distribution())
                gain = sum(float(GAIN[name](row[name])) for name in REAL[n_effects] if name in row)
                values.append(observed(kind, gain, row, rng))
                search.tell(trial, values[-1])
                rows.append(row)
    frame: dict = {"number": np.arange(len(rows)), "value": np.array(values, dtype=float)}
    frame["state"] = ["COMPLETE"] * len(rows)
    for p in space:
        dtype = float if p.is_numeric else object
        frame[f"params_{p.name}"] = pd.Series([row.get(p.name) for row in rows], dtype=dtype)
    curves = pd.DataFrame(columns=["number", "step", "value"])
    return Ledger(pd.DataFrame(frame), curves, space)


def swept(sampler: str, n: int, n_effects: int, kind: str, seed: int) -> Ledger:
    """Run a study as a sweep of Resweep: a first one, or a child of one that was random."""
    rng = np.random.default_rng([seed, n, n_effects, 43])
    space = BRANCHED if kind == "branches" else SPACE

    def value(proposal: Proposal) -> float:
        row = proposal.params
        gain = sum(float(GAIN[name](row[name])) for name in REAL[n_effects] if name in row)
        return observed(kind, gain, row, rng)

    known: list[tuple[dict, float]] = []
    name, _, child = sampler.lower().partition(", ")
    if child:
        before = simulate(Plan(space, seed_for(seed, "before"), 4, "random"), n, value)
        known = [(record["params"], record["value"]) for record in before]
    return sweep_ledger(simulate(Plan(space, seed, 4, name, warm=known), n, value), space)


def pruned(search, n: int, n_effects: int, rng: np.random.Generator) -> Ledger:
    """Run a study whose trials rise toward their value and are pruned on the way."""
    import optuna

    for _ in range(n):
        trial = search.ask({p.name: p.distribution() for p in PARAMS})
        gain = sum(float(GAIN[name](trial.params[name])) for name in REAL[n_effects])
        final = gain + rng.normal()
        state = optuna.trial.TrialState.COMPLETE
        for epoch in range(1, EPOCHS + 1):
            value = final - 8 * np.exp(-epoch / 5) + 0.5 * rng.normal()
            trial.report(value, epoch)
            if trial.should_prune():
                state = optuna.trial.TrialState.PRUNED
                break
        search.tell(trial, value if state.name == "COMPLETE" else None, state)
    records = [
        {"number": t.number, "value": t.value if t.state.name == "COMPLETE" else None}
        | {"state": t.state.name, "params": t.params}
        | {"curve": sorted(t.intermediate_values.items())}
        for t in search.trials
    ]
    return Ledger.from_records(records, SPACE)


def grid_rows(n: int, rng: np.random.Generator, repeats: int = 5) -> list[dict]:
    """Draw n // repeats assignments on a coarse grid, each repeated."""
    rows = []
    for _ in range(max(n // repeats, 4)):
        row = {}
        for p in PARAMS:
            steps = p.choices or ((0, 3, 6) if p.type == "int" else (0.0, 0.25, 0.5, 0.75, 1.0))
            row[p.name] = steps[int(rng.integers(len(steps)))]
        rows += [row] * repeats
    return rows


def right(name: str, decision: Decision) -> bool:
    """Whether a decision on a real effect is the right one."""
    new = decision.new
    if name == "peak":
        return decision.action in ("narrow", "shift")
    if name == "flag":
        return decision.action == "fix" and decision.value is True
    if name == "size":
        return decision.action in ("expand", "shift") and new.high > 6
    return decision.value == 0 if new is None else decision.action == "narrow" and new.low == 0


def lost(name: str, decision: Decision) -> bool:
    """Whether the best of a parameter was cut away, by more than the margin."""
    spec, new = SPACE[name], decision.new
    if new is None:
        kept = [decision.value]
    else:
        kept = list(new.choices) if new.choices else list(np.linspace(new.low, new.high, 201))
    every = list(spec.choices) if spec.choices else list(np.linspace(spec.low, spec.high, 201))
    gain = GAIN[name]
    return max(float(gain(x)) for x in kept) < max(float(gain(x)) for x in every) - MARGIN


def tally(
    ledgers: list[Ledger],
    n_effects: int,
    confident: Callable[[int, int], str],
    causes: tuple[str, ...] = (),
) -> dict:
    """Count over the studies of one row; `causes` are neither null nor among the real effects."""
    restricted = gone = 0
    covered = known = 0
    good = dict.fromkeys(REAL[n_effects], 0)
    for i, ledger in enumerate(ledgers):
        cases, _ = build_cases(ledger, POLICY, 100, i)
        found = {name: decide(case, POLICY) for name, case in cases.items()}
        restricted += any(
            d.action in RESTRICTING
            for name, d in found.items()
            if name not in (*REAL[n_effects], *causes)
        )
        gone += any(lost(name, found[name]) for name in REAL[n_effects])
        for name in REAL[n_effects]:
            good[name] += right(name, found[name])
        switch = study_effects(ledger, points(ledger))["switch_0"]
        if switch.known and switch.scale == "value":
            half = _half(switch)
            gap = abs(switch.estimate[0] - switch.estimate[1])
            covered += gap <= half
            known += 1
    n = len(ledgers)
    row = {"n": n, "null restricted": confident(restricted, n), "optimum lost": confident(gone, n)}
    row |= {f"right: {name}": f"{hits / n:.0%}" for name, hits in good.items()}
    return row | {"95% interval of a null covers": f"{covered / known:.1%}" if known else "-"}


def _half(effect) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(effect.freedom, 0.975) * effect.error(0)[1])


OURS = ("model", "model, child", "TPE, child")
CAUSES = {"cause": ("null_0",), "branches": ("four",)}  # not null: what depends on them matters
NOISES = ("hetero", "diverge", "cause", "ties", "branches")
ROWS = (
    *(("random", n, "plain") for n in (20, 60, 120, 240)),
    *(("TPE", n, "plain") for n in (20, 60, 120, 240)),
    *(("TPE univariate", n, "plain") for n in (60, 120)),
    *((name, n, "plain") for name in OURS for n in (60, 120)),
    *(("model", 60, kind) for kind in ("cause", "ties", "branches")),
    ("CMA-ES", 60, "plain"),
    ("GP", 60, "plain"),
    ("grid x seeds", 120, "plain"),
    *((name, 60, kind) for kind in NOISES for name in ("random", "TPE")),
    *((name, n, "hyperband") for name in ("random", "TPE") for n in (20, 60, 120)),
    *((name, 60, kind) for kind in ("median", "halving") for name in ("random", "TPE")),
)  # fmt: skip


def effects_table(
    studies: int, confident: Callable[[int, int], str], wanted: Sequence[str] = ("",)
) -> pd.DataFrame:
    """Return one row per sampler, size, kind of study and number of real effects.

    Of all, those whose "sampler, size, kind" holds one of the texts that are `wanted`.
    """
    rows = []
    for sampler, n, kind in ROWS:
        named = f"{sampler}, {n}, {kind}"
        for n_effects in REAL if any(text in named for text in wanted) else ():
            slow = 4 if sampler == "GP" else 2 if (sampler, n) == ("TPE", 240) else 1
            ledgers = [study(sampler, n, n_effects, kind, i) for i in range(studies // slow)]
            row = {"sampler": sampler, "trials": n, "kind": kind, "effects": n_effects}
            rows.append(row | tally(ledgers, n_effects, confident, CAUSES.get(kind, ())))
            print(rows[-1], file=sys.stderr, flush=True)
    return pd.DataFrame(rows).fillna("")
