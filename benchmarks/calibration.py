"""How often the evidence and the decisions are wrong, on studies whose truth is known.

    python benchmarks/calibration.py                 # every table, an hour or so on one core
    python benchmarks/calibration.py --studies 100   # a quick look
    python benchmarks/calibration.py --only null planted

Null studies: the value is noise, whatever the parameters; sampled at random or by Optuna's TPE
(multivariate with groups, and univariate), 20 to 200 trials, with and without ties and conditions.
Several effects at once (``effects.py``): 0 to 4 of 12 parameters matter, six samplers, four kinds
of noise, three pruners. Planted studies: one effect of known kind and size among parameters that
do nothing. Refuted ones: a child sweep with fallback trials, whose space is half of its parent's.
Everything is seeded; the figures are the same on every run.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from effects import effects_table
from simulated import simulate

from resweep.evidence.directionality import difference_interval, trend_intervals
from resweep.evidence.interactions import interactions
from resweep.evidence.permutation import span_p_exact
from resweep.evidence.sequential import follow_up_p
from resweep.evidence.significance import ScoreTest, score_tests
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.markdown import frame_table
from resweep.refinement.aggressive import decide_blindly
from resweep.refinement.policy import AggressivePolicy, ConservativePolicy
from resweep.refinement.refine import build_cases
from resweep.refinement.rules import decide
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.launch import sweep_ledger
from resweep.sweep.plan import Plan, Proposal
from resweep.sweep.schedule import Schedule
from resweep.workflow.configuration import Engine

SIZES = (20, 50, 100, 200)
RESTRICTING = ("fix", "narrow", "shift")
POLICY = ConservativePolicy()
MEAN, NOISE = 0.25, 0.03  # an accuracy, and its standard deviation between trials

FLAT = (
    Parameter("lr", "float", 5e-5, 1e-2, log=True, limits=(1e-6, 0.1)),
    Parameter("weight_decay", "float", 1e-7, 0.1, log=True, limits=(1e-9, 1.0)),
    Parameter("smoothing", "float", 0.0, 0.2, neutral=0.0),
    Parameter("dropout", "float", 0.0, 0.3, limits=(0.0, 0.9), neutral=0.0),
    Parameter("width", "float", 0.5, 3.0, limits=(0.25, 10.0)),
    Parameter("depth", "int", 2, 6, limits=(1, 12)),
    Parameter("batch", "categorical", choices=(8, 16, 32, 64), ordered=True),
    Parameter("embed", "categorical", choices=(128, 256, 384, 512, 768), ordered=True),
    Parameter("hidden", "categorical", choices=(256, 512, 1024, 2048), ordered=True),
    Parameter("scheduler", "categorical", choices=(True, False)),
    Parameter("coords", "categorical", choices=(True, False)),
    Parameter("cosine", "categorical", choices=(True, False)),
    Parameter("pool", "categorical", choices=("mean", "max", "attention")),
)
IF_CNN, IF_ATTENTION = {"encoder": ("cnn",)}, {"encoder": ("attention",)}
BRANCHES = (
    Parameter("encoder", "categorical", choices=("cnn", "attention")),
    Parameter("kernels", "int", 1, 5, limits=(1, 9), condition=IF_CNN),
    Parameter("stride", "float", 1.0, 4.0, limits=(1.0, 8.0), condition=IF_CNN),
    Parameter("norm", "categorical", choices=(True, False), condition=IF_CNN),
    Parameter("heads", "categorical", choices=(4, 8, 16), ordered=True, condition=IF_ATTENTION),
    Parameter("layers", "int", 1, 5, limits=(1, 8), condition=IF_ATTENTION),
    Parameter("heat", "float", 5.0, 20.0, limits=(1.0, 30.0), condition=IF_ATTENTION),
)


def space_of(params: tuple[Parameter, ...], n_trials: int = 100) -> Space:
    """Return a space of these parameters, to be maximised."""
    return Space("calibration", "maximize", n_trials, {"type": "none"}, {}, params)


SPACES = {"flat": space_of(FLAT), "conditional": space_of((*BRANCHES, *FLAT))}


def draw(space: Space, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw n random assignments, as the ``params_`` columns of a ledger."""
    frame: dict[str, pd.Series] = {}
    active: dict[str, np.ndarray] = {}
    for p in space.params:
        on = np.ones(n, dtype=bool)
        for parent, values in p.condition.items():
            on &= active[parent] & frame[f"params_{parent}"].isin(values).to_numpy()
        active[p.name] = on
        if p.choices is not None:
            column = np.array([p.choices[i] for i in rng.integers(0, len(p.choices), n)], object)
            column[~on] = None
        else:
            u = rng.random(n)
            low, high = float(p.low), float(p.high)
            column = low * (high / low) ** u if p.log else low + (high - low) * u
            if p.type == "int":
                column = np.floor(low + (high - low + 1) * u)
            column = np.where(on, column, np.nan)
        dtype = float if p.is_numeric else object
        frame[f"params_{p.name}"] = pd.Series(column, dtype=dtype)
    return pd.DataFrame(frame)


def as_ledger(space: Space, params: pd.DataFrame, value: np.ndarray) -> Ledger:
    """Return a ledger of complete trials."""
    n = len(value)
    head = {"number": np.arange(n), "value": value, "state": ["COMPLETE"] * n}
    trials = pd.concat([pd.DataFrame(head), params.reset_index(drop=True)], axis=1)
    return Ledger(trials, pd.DataFrame(columns=["number", "step", "value"]), space)


def tpe_study(space: Space, n: int, seed: int, grouped: bool) -> tuple[pd.DataFrame, np.ndarray]:
    """Let TPE search noise; return what it tried and what it saw."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rng = np.random.default_rng([99, seed])
    more = {"multivariate": True, "group": True} if grouped else {"multivariate": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, **more)
        )
        rows, values = [], []
        for _ in range(n):
            trial, row = study.ask(), {}
            for p in space.params:
                if all(row.get(parent) in allowed for parent, allowed in p.condition.items()):
                    row[p.name] = trial._suggest(p.name, p.distribution())
            value = MEAN + NOISE * rng.normal()
            study.tell(trial, value)
            rows.append(row)
            values.append(value)
    frame = {}
    for p in space.params:
        column = [row.get(p.name) for row in rows]
        frame[f"params_{p.name}"] = pd.Series(
            [np.nan if v is None else v for v in column] if p.is_numeric else column,
            dtype=float if p.is_numeric else object,
        )
    return pd.DataFrame(frame), np.array(values)


def decisions(ledger: Ledger, seed: int = 0, policy=POLICY, n_trials: int = 100) -> dict:
    """Decide on every parameter; the assembly of the next space is left out."""
    cases, _ = build_cases(ledger, policy, n_trials, seed)
    rule = decide_blindly if isinstance(policy, AggressivePolicy) else decide
    return {name: rule(case, policy) for name, case in cases.items()}


def wilson(hits: int, n: int) -> str:
    """Return a share with its 95% interval, for a table."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(hits, n, method="wilson")
    return f"{hits / n:.1%} ({low:.1%}..{high:.1%})"


def null_row(name: str, ledgers: list[Ledger], policy=POLICY) -> dict:
    """Tally false decisions over null studies."""
    restricted, changed, tally = 0, 0, Counter()
    for i, ledger in enumerate(ledgers):
        found = decisions(ledger, i, policy).values()
        hits = [d for d in found if d.action in RESTRICTING]
        restricted += bool(hits)
        changed += len(hits)
        tally.update(d.rule for d in hits)
        tally["expand"] += sum(d.action == "expand" and d.rule == "at the bound" for d in found)
        tally["reweight"] += sum(d.action == "reweight" for d in found)
    n = len(ledgers)
    return {
        "studies": name,
        "n": n,
        "restrict anything": wilson(restricted, n),
        "restricted per study": changed / n,
        "needless expansions per study": tally["expand"] / n,
        "reweighted per study": tally["reweight"] / n,
        "restricted by": ", ".join(
            f"{rule} {count / n:.1%}"
            for rule, count in tally.most_common()
            if rule not in ("expand", "reweight")
        ),
    }


def null_tables(studies: int, tpe_studies: int) -> pd.DataFrame:
    """Count false decisions on pure noise, by sampler, space and size; the blind policy beside."""
    rows = []
    for label, space in SPACES.items():
        for n in SIZES:
            ledgers = []
            for i in range(studies):
                rng = np.random.default_rng([1, n, i])
                ledgers.append(as_ledger(space, draw(space, n, rng), rng.normal(MEAN, NOISE, n)))
            rows.append(null_row(f"random, {label}, {n}", ledgers))
            if n == 20:
                rows.append(null_row(f"random, {label}, {n}, BLIND", ledgers, AggressivePolicy()))
            if n in (20, 100):
                tied = [
                    as_ledger(space, g.trials.filter(like="params_"), g.trials["value"].round(2))
                    for g in ledgers
                ]
                rows.append(null_row(f"random, {label}, {n}, ties", tied))
        for grouped in (True, False):
            whole = [tpe_study(space, max(SIZES), i, grouped) for i in range(tpe_studies)]
            for n in SIZES:
                ledgers = [as_ledger(space, params[:n], value[:n]) for params, value in whole]
                kind = "TPE" if grouped else "TPE univariate"
                rows.append(null_row(f"{kind}, {label}, {n}", ledgers))
    return pd.DataFrame(rows)


def randomised_span_p(test: ScoreTest, rng: np.random.Generator) -> float:
    """Return the p of a span with its ties broken at random.

    The span is one of few differences of positions: its exact p comes in steps (6% of null studies
    of 60 trials have p = 1), and only the randomised p can be uniform.
    """
    x, k = test.column.x, test.n_elites
    shorter = span_p_exact(x, k, test.span - 1e-7)
    return test.p_span - rng.random() * (test.p_span - shorter)


def uniformity(studies: int, tpe_studies: int) -> pd.DataFrame:
    """Kolmogorov-Smirnov test of the p-values of null studies against the uniform."""
    from scipy.stats import kstest

    space, n = SPACES["flat"], 60
    rows = []
    for sampler in ("random", "TPE"):
        found: dict[str, list[float]] = {}
        for i in range(studies if sampler == "random" else tpe_studies):
            rng = np.random.default_rng([2, i])
            if sampler == "random":
                params, value = draw(space, n, rng), rng.normal(MEAN, NOISE, n)
            else:
                params, value = tpe_study(space, n, 10_000 + i, True)
            table = points(as_ledger(space, params, value))
            tests = score_tests(space, table, seed=i)
            score = table["score"].to_numpy()
            one = tests["lr"]
            found.setdefault("trend", []).append(one.p_trend)
            found.setdefault("cluster (span)", []).append(randomised_span_p(one, rng))
            found.setdefault("follow-up", []).append(follow_up_p(one.column.x, score))
            found.setdefault("ladder trend", []).append(tests["embed"].p_trend)
            found.setdefault("boolean contrast", []).append(tests["scheduler"].p_contrast)
            found.setdefault("three choices", []).append(tests["pool"].p_contrast)
        for test, p in found.items():
            known = np.array(p)[np.isfinite(p)]
            row = {"sampler": sampler, "test": test, "studies": known.size}
            row |= {f"p ≤ {a:g}": float((known <= a).mean()) for a in (0.01, 0.05, 0.1, 0.2)}
            rows.append(row | {"KS p": float(kstest(known, "uniform").pvalue)})
    return pd.DataFrame(rows)


def _position(p: Parameter, column: pd.Series) -> np.ndarray:
    x = column.to_numpy(dtype=float)
    if p.choices is not None:
        return np.searchsorted(p.choices, x) / (len(p.choices) - 1)
    return np.log(x / p.low) / np.log(p.high / p.low) if p.log else (x - p.low) / (p.high - p.low)


def planted_effects() -> dict[str, tuple[str, Callable, Callable, Callable]]:
    """Planted effects: parameter, effect (in noise units), right decision, optimum kept."""
    by_name = {p.name: p for p in SPACES["flat"].params}

    def position(name: str) -> Callable:
        return lambda frame: _position(by_name[name], frame[f"params_{name}"])

    lr, width, batch, dropout = (position(n) for n in ("lr", "width", "batch", "dropout"))

    def inside(name: str, value: float) -> Callable:
        return lambda d: d.new is not None and d.new.low <= value <= d.new.high

    return {
        "contrast (boolean, 3 sd)": (
            "scheduler",
            lambda f: 3.0 * (f["params_scheduler"] == True).to_numpy(),  # noqa: E712
            lambda d: d.action == "fix" and d.value is True,
            lambda d: d.new is not None or d.value is True,
        ),
        "trend (ladder, 5 sd end to end)": (
            "batch",
            lambda f: -5.0 * batch(f),
            lambda d: d.action in ("narrow", "shift") and 64 not in d.new.choices,
            lambda d: d.new is not None and 8 in d.new.choices,
        ),
        "cluster (peak inside, 12 sd deep)": (
            "lr",
            lambda f: -12.0 * np.minimum(1, np.abs(lr(f) - 0.4) / 0.4),
            lambda d: d.action in ("narrow", "shift"),
            inside("lr", 5e-5 * 200**0.4),
        ),
        "bound (optimum beyond, 5 sd across)": (
            "width",
            lambda f: 5.0 * width(f),
            lambda d: d.action in ("expand", "shift") and d.new.high > 3.0,
            lambda d: d.new is not None and d.new.high >= 3.0,
        ),
        "neutral (off is best, 8 sd across)": (
            "dropout",
            lambda f: -8.0 * dropout(f),
            lambda d: d.action == "fix" and d.value == 0,
            lambda d: d.new is not None or d.value == 0,
        ),
    }


def planted_tables(studies: int, n: int = 60) -> pd.DataFrame:
    """Right decisions on planted effects, and wrong ones on the parameters beside them."""
    space, rows = SPACES["flat"], []
    for label, (name, effect, right, kept) in planted_effects().items():
        good = cut = beside = 0
        for i in range(studies):
            rng = np.random.default_rng([3, i])
            params = draw(space, n, rng)
            value = MEAN + NOISE * (effect(params) + rng.normal(size=n)) / 2
            found = decisions(as_ledger(space, params, value), i)
            good += bool(right(found[name]))
            cut += not kept(found[name])
            beside += any(d.action in RESTRICTING for k, d in found.items() if k != name)
        rows.append(
            {
                "planted": label,
                "trials": n,
                "studies": studies,
                "right decision": wilson(good, studies),
                "optimum cut away": wilson(cut, studies),
                "restrict a parameter beside it": wilson(beside, studies),
            }
        )
    rows.append(_interaction_row(studies, n))
    return pd.DataFrame(rows)


def _interaction_row(studies: int, n: int) -> dict:
    """Two parameters that matter only together: found as a pair, and neither restricted."""
    by_name = {p.name: p for p in SPACES["flat"].params}
    names = ("lr", "width", "embed", "scheduler")
    space = space_of(tuple(by_name[name] for name in names))
    good = cut = beside = 0
    for i in range(studies):
        rng = np.random.default_rng([4, i])
        params = draw(space, n, rng)
        a, b = (_position(by_name[k], params[f"params_{k}"]) - 0.5 for k in ("lr", "width"))
        value = MEAN + NOISE * (16 * a * b + rng.normal(size=n))
        ledger = as_ledger(space, params, value)
        table = interactions(ledger)
        first = table.iloc[0]
        pair = {first["parameter_a"], first["parameter_b"]}
        good += pair == {"lr", "width"} and first["q"] < 0.10
        found = decisions(ledger, i)
        cut += any(found[k].action in RESTRICTING for k in ("lr", "width"))
        beside += any(found[k].action in RESTRICTING for k in ("embed", "scheduler"))
    return {
        "planted": "interaction (no main effect)",
        "trials": n,
        "studies": studies,
        "right decision": wilson(good, studies),
        "optimum cut away": wilson(cut, studies),
        "restrict a parameter beside it": wilson(beside, studies),
    }


def coverage_table(studies: int) -> pd.DataFrame:
    """How often 95% intervals hold the truth."""
    rows = []
    parameter = Parameter("x", "float", 0.0, 1.0)
    space = space_of((parameter,))
    for n in (20, 60, 200):
        for true in (0.0, 0.5, 0.8):
            hits = 0
            rho = 6 / np.pi * np.arcsin(true / 2)
            for i in range(studies):
                rng = np.random.default_rng([5, n, i])
                x, e = rng.normal(size=(2, n))
                y = true * x + np.sqrt(1 - true**2) * e
                ranks = pd.DataFrame({"params_x": np.argsort(np.argsort(x)) / n})
                table = points(as_ledger(space, ranks, y))
                test = score_tests(space, table, 0)["x"]
                low, high = trend_intervals([test], y, 500, i)["x"]
                hits += low <= rho <= high
            rows.append(
                {
                    "interval": f"Spearman, true {rho:.2f}",
                    "n": n,
                    "studies": studies,
                    "covers": wilson(hits, studies),
                }
            )
        hits = 0
        for i in range(studies):
            rng = np.random.default_rng([6, n, i])
            mine = np.arange(n) % 4 == 0
            y = rng.normal(size=n) + mine
            low, high = difference_interval(y, mine, 500, i)
            hits += low <= 1 <= high
        rows.append(
            {
                "interval": "difference of means, 1:3",
                "n": n,
                "studies": studies,
                "covers": wilson(hits, studies),
            }
        )
    return pd.DataFrame(rows)


def without_follow_up(tpe_studies: int) -> pd.DataFrame:
    """Count false clusters where a sampler concentrates, with and without the follow-up test."""
    rows, space = [], SPACES["flat"]
    loose = replace(POLICY, cluster=replace(POLICY.cluster, follow_p=1.0))
    whole = [tpe_study(space, 100, i, True) for i in range(tpe_studies)]
    for n in (20, 50, 100):
        ledgers = [as_ledger(space, params[:n], value[:n]) for params, value in whole]
        for label, policy in (("with", POLICY), ("without", loose)):
            row = null_row(f"TPE, flat, {n}, {label} follow-up", ledgers, policy)
            rows.append({k: row[k] for k in ("studies", "n", "restrict anything", "restricted by")})
    return pd.DataFrame(rows)


def child_sweep(optimum: float | None, seed: int, n: int) -> Ledger:
    """Run a sweep whose space holds half of its parent's range, with the default fallback share.

    The value falls with the distance from the optimum, by 2 noises to the far end of the parent's
    range; it is noise alone where there is none. What is proposed in each space is random, but
    where the trials go follows from what they find, as in a real sweep.
    """
    x = Parameter("x", "float", 0.0, 5.0, limits=(0.0, 10.0))
    rate = Parameter("rate", "float", 1e-4, 1.0, log=True)
    child, parent = space_of((x, rate)), space_of((x.replace(high=10.0), rate))
    shares = Schedule.plan(n, 0, Engine().replicate, Engine().fallback)
    plan = Plan(child, seed, 4, "random", shares, fallback_space=parent)
    rng = np.random.default_rng([3, seed])

    def value(proposal: Proposal) -> float:
        away = 0.0 if optimum is None else 2 * abs(proposal.params["x"] - optimum) / 10
        return MEAN + NOISE * (rng.normal() - away)

    return sweep_ledger(simulate(plan, n, value), child, parent)


def refuted_table(studies: int) -> pd.DataFrame:
    """How often fallback trials open a bound of their sweep, needlessly and rightly."""
    rows = []
    policy = replace(POLICY, n_permutations=20)  # that rule permutes nothing
    for truth, optimum in (("noise", None), ("best inside", 2.0), ("best cut out", 9.0)):
        for n in (30, 60, 120):
            found = [decisions(child_sweep(optimum, i, n), i, policy)["x"] for i in range(studies)]
            hits = sum(decision.rule == "refuted" for decision in found)
            rows.append(
                {"truth": truth, "trials": n, "n": studies, "opened": wilson(hits, studies)}
            )
    return pd.DataFrame(rows)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=500, help="random studies of each kind")
    parser.add_argument("--tpe-studies", type=int, default=120, help="TPE studies of each kind")
    parser.add_argument("--only", nargs="*", default=[], help="names of tables")
    text = (
        'of the table effects, rows that hold one of these: hyperband "TPE, 60" "random, 20, plain"'
    )
    parser.add_argument("--rows", nargs="*", default=[""], help=text)
    given = parser.parse_args()
    n, t = given.studies, given.tpe_studies
    tables: dict[str, tuple[str, Callable[[], pd.DataFrame]]] = {
        "effects": ("Several effects at once", lambda: effects_table(t, wilson, given.rows)),
        "null": ("Pure noise: false decisions", lambda: null_tables(n, t)),
        "follow": ("Pure noise under TPE: the follow-up test", lambda: without_follow_up(t)),
        "uniform": ("Pure noise: are p-values uniform?", lambda: uniformity(2 * n, t)),
        "planted": ("Planted effects: right decisions", lambda: planted_tables(n)),
        "refuted": ("Fallback trials: bounds opened", lambda: refuted_table(n)),
        "coverage": ("Intervals: coverage of 95%", lambda: coverage_table(n)),
    }
    for key, (title, table) in tables.items():
        if given.only and key not in given.only:
            continue
        start = time.perf_counter()
        frame = table()
        print(f"\n## {title}\n", flush=True)
        print("\n".join(frame_table(frame)))
        print(f"\n({time.perf_counter() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
