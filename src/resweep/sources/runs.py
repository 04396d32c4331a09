"""Runs as tracking tools keep them: settings and metrics, but no record of what was searched.

A run becomes a trial; which of its settings were searched, and in which domain, is read from the
values that stand in the runs (see `resweep.sources.guess`), unless the tool says.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from optuna.distributions import BaseDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from resweep.errors import InputError, closest
from resweep.sources.guess import Guess, guess_domain, is_ladder
from resweep.sources.recorded import Recorded, frozen

LOWER = re.compile(
    r"(?i)(^|[^a-z])(loss|error|err|rmse|mse|mae|mape|nll|bpb|perplexity|ppl|regret|latency|"
    r"runtime|duration|wer|cer|fid|brier|ece|logloss)([^a-z]|$)"
)
HIGHER = re.compile(
    r"(?i)(^|[^a-z])(acc|accuracy|auc|auroc|ap|map|f1|r2|score|reward|return|precision|recall|iou|"
    r"dice|bleu|rouge|top1|top5|mcc|kappa|psnr|ssim|win_rate|throughput|correlation)([^a-z]|$)"
)
PROGRESS = re.compile(r"(?i)^(trainer/)?(epoch|global_step|step|iteration|iter)$")
THRESHOLD = re.compile(r"\s*(.+?)\s*(<=|>=)\s*(.*?)\s*$")
SEEDS = ("seed", "random_seed", "random_state", "rng_seed")


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes
    ----------
    params : dict
        Its settings, nested ones flat (see `flat`).
    metrics : dict of str to float
        The last value of each.
    state : TrialState
    curves : dict of str to list of (int, float)
        Steps and values of each metric.
    attrs : dict
        What else is worth keeping, as user attributes.
    """

    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    state: TrialState = TrialState.COMPLETE
    curves: Mapping[str, list[tuple[int, float]]] = field(default_factory=dict)
    attrs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """An objective that a person names: ``loss``, ``loss:min``, ``accuracy:max``.

    With a threshold, as ``latency<=0.5``, it is a constraint, and not ranked: ``bounds`` is
    ``{"max": 0.5}`` then.
    """

    name: str
    direction: str | None = None
    bounds: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Wanted:
        """Read ``NAME`` or ``NAME:min`` or ``NAME:max``, then ``<=`` or ``>=`` and a number.

        Raises
        ------
        InputError
            If what follows ``<=`` or ``>=`` is no number.
        """
        found = THRESHOLD.match(text)
        text, bounds = (found[1], _bounds(found, text)) if found else (text, {})
        name, colon, direction = text.rpartition(":")
        known = {"min": "minimize", "max": "maximize"}
        known |= {v: v for v in known.values()}
        if colon and direction in known and name:
            return cls(name, known[direction], bounds)
        return cls(text, None, bounds)


def _bounds(found: re.Match[str], text: str) -> dict[str, float]:
    try:
        bound = float(found[3])
    except ValueError:
        bound = math.nan
    if not math.isfinite(bound):
        raise InputError(f'the threshold of "{text}" is no number', mend="write latency<=0.5")
    return {"max" if found[2] == "<=" else "min": bound}


@dataclass(frozen=True)
class Runs:
    """The runs of one sweep.

    Attributes
    ----------
    name, source : str
    runs : list of Run
    domains : dict of str to BaseDistribution
        What the tool says was searched.
    searched : frozenset of str, optional
        Names of what was searched, if the tool says.
    objective : Wanted, optional
        What the tool says was optimised.
    notes : tuple of str
    """

    name: str
    source: str
    runs: list[Run]
    domains: Mapping[str, BaseDistribution] = field(default_factory=dict)
    searched: frozenset[str] | None = None
    objective: Wanted | None = None
    notes: tuple[str, ...] = ()


def flat(settings: Mapping[str, Any], joint: str = ".") -> dict[str, Any]:
    """Return nested settings as flat ones: ``{"a": {"b": 1}}`` as ``{"a.b": 1}``."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            found |= {f"{name}{joint}{inner}": v for inner, v in flat(value, joint).items()}
        else:
            found[str(name)] = value
    return found


def to_study(given: Runs, wanted: Sequence[Wanted] = ()) -> Recorded:
    """Turn runs into a study.

    Parameters
    ----------
    given : Runs
    wanted : sequence of Wanted
        The objectives; by default what the tool says, or the only metric.

    Raises
    ------
    InputError
        If there is no run, no such metric, or it is not known which direction is better.
    """
    if not given.runs:
        raise InputError("holds no run", where=given.source)
    notes = list(given.notes)
    chosen = [_with_direction(w, given, notes) for w in wanted or [_only_metric(given)]]
    guesses = _guesses(given, notes)
    trials = [_trial(i, run, chosen, guesses) for i, run in enumerate(given.runs)]
    return Recorded(
        name=given.name,
        source=given.source,
        directions=tuple(w.direction or "" for w in chosen),
        objectives=tuple(w.name for w in chosen),
        trials=trials,
        notes=tuple(notes),
        ladders=frozenset(name for name, guess in guesses.items() if guess.ladder),
        keeps_pruner=True,
    )


def _metrics(given: Runs) -> list[str]:
    return list(dict.fromkeys(name for run in given.runs for name in run.metrics))


def _only_metric(given: Runs) -> Wanted:
    names = _metrics(given)
    if given.objective is not None:
        return given.objective
    names = [name for name in names if not PROGRESS.match(name)] or names
    if len(names) == 1:
        return Wanted(names[0])
    if not names:
        raise InputError("its runs have no metric", where=given.source)
    raise InputError(
        f"its runs have {len(names)} metrics: {', '.join(names[:20])}",
        where=given.source,
        mend="name the one that counts, with --objective NAME:min or NAME:max",
    )


def _with_direction(wanted: Wanted, given: Runs, notes: list[str]) -> Wanted:
    names = _metrics(given)
    if wanted.name not in names:
        raise InputError(
            f'its runs have no metric "{wanted.name}"{closest(wanted.name, names)}',
            where=given.source,
            mend=f"they have {', '.join(names[:20]) or 'none'}",
        )
    if wanted.direction is not None:
        return wanted
    if wanted.bounds:
        return replace(wanted, direction="minimize" if "max" in wanted.bounds else "maximize")
    if given.objective is not None and given.objective.name == wanted.name:
        known = given.objective.direction
        if known is not None:
            return given.objective
    lower, higher = LOWER.search(wanted.name), HIGHER.search(wanted.name)
    if bool(lower) == bool(higher):
        raise InputError(
            f"does not say whether a larger {wanted.name} is better",
            where=given.source,
            mend=f"say --objective {wanted.name}:min or {wanted.name}:max",
        )
    direction = "minimize" if lower else "maximize"
    notes.append(f"{wanted.name}: taken as to {direction}, by its name")
    return Wanted(wanted.name, direction)


def _guesses(given: Runs, notes: list[str]) -> dict[str, Guess]:
    names = dict.fromkeys(name for run in given.runs for name in run.params)
    known = dict(given.domains)
    found: dict[str, Guess] = {}
    guessed = []
    for name in names:
        values = [run.params[name] for run in given.runs if name in run.params]
        if name in known:
            choices = getattr(known[name], "choices", ())
            found[name] = Guess(known[name], _in(known[name]), ladder=is_ladder(choices))
            continue
        guess = guess_domain(values)
        if given.searched is not None and name not in given.searched and guess.varies:
            notes.append(f"{name}: varies, but was not searched; kept as a user attribute")
            continue
        if name.rpartition(".")[2].lower() in SEEDS and guess.varies:
            notes.append(f"{name}: a seed; kept as a user attribute")
            continue
        if guess.problem:
            notes.append(f"{name}: {guess.problem}; left out of the space")
            continue
        found[name] = guess
        if guess.varies:
            guessed.append(name)
            if guess.note:
                notes.append(f"{name}: {guess.note}")
    if guessed:
        notes.append(
            f"{', '.join(guessed)}: the domain is what the values show, from the smallest to the "
            "largest; more may have been searched"
        )
    return found


def _in(domain: BaseDistribution) -> Callable[[Any], Any]:
    """Return what reads a value as one of a domain; tables hold texts and floats."""
    choices = getattr(domain, "choices", None)

    def read(value: Any) -> Any:
        if choices is None:
            try:
                number = float(value)
            except (TypeError, ValueError):
                return value
            return int(number) if isinstance(domain, IntDistribution) else number
        return next((c for c in choices if c == value or str(c) == str(value)), value)

    return read


def _trial(
    number: int, run: Run, chosen: Sequence[Wanted], guesses: Mapping[str, Guess]
) -> FrozenTrial:
    params, attrs = {}, dict(run.attrs)
    for name, value in run.params.items():
        if name in guesses:
            params[name] = guesses[name].read(value)
        else:
            attrs[name] = plain(value)
    values = [run.metrics.get(w.name, math.nan) for w in chosen]
    state = run.state
    if state.is_finished() and any(math.isnan(v) for v in values):
        state = TrialState.FAIL
    if len(chosen) > 1:
        attrs |= {f"objective_{w.name}": v for w, v in zip(chosen, values, strict=True)}
    whole = state in (TrialState.COMPLETE, TrialState.PRUNED)
    curve = run.curves.get(chosen[0].name, ()) if len(chosen) == 1 else ()
    return frozen(
        number,
        state,
        params=params,
        distributions={name: guesses[name].distribution for name in params},
        user_attrs=attrs,
        intermediate_values={int(step): float(value) for step, value in curve},
        values=values if whole else None,
    )


def plain(value: Any) -> Any:
    """Return a value that a user attribute can hold."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return str(value)


def numbers_only(row: Mapping[str, Any]) -> dict[str, float]:
    """Return those entries that are numbers, NaN among them."""
    return {
        str(k): float(v)
        for k, v in row.items()
        if isinstance(v, int | float) and not isinstance(v, bool)
    }


def early_stopped(runs: Iterable[tuple[int, Run]]) -> list[Run]:
    """Return runs, those that ended before the longest as pruned.

    Parameters
    ----------
    runs : iterable of (int, Run)
        With the step that each came to.
    """
    runs = list(runs)
    longest = max((steps for steps, _ in runs), default=0)
    return [
        Run(run.params, run.metrics, TrialState.PRUNED, run.curves, run.attrs)
        if run.state == TrialState.COMPLETE and steps < longest
        else run
        for steps, run in runs
    ]
