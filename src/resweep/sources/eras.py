"""Eras: the parts of a study between which its parameters changed.

Each era is a sweep of its own. A parameter that takes part in some trials only is no change as
long as another parameter decides when (see `resweep.space.inference`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from resweep.errors import InputError
from resweep.sources.recorded import WHOLE
from resweep.space.inference import infer_space

SMALLEST = 5  # trials that ended whole; fewer are left out rather than called an era
PRICE = 2  # trials that a cut must save
MOST_CUTS = 12  # that are looked at


@dataclass(frozen=True)
class Era:
    """Trials of one set of parameters.

    Attributes
    ----------
    trials : list of FrozenTrial
        Finished ones, by number.
    names : tuple of str
        Parameters of the trials.
    """

    trials: list[FrozenTrial]
    names: tuple[str, ...]

    @property
    def n_complete(self) -> int:
        """How many trials completed."""
        return sum(t.state == TrialState.COMPLETE for t in self.trials)

    def describe(self) -> str:
        """Return its trials and parameters for a person."""
        numbers = [t.number for t in self.trials]
        return (
            f"{len(numbers)} trials between {numbers[0]} and {numbers[-1]}: {', '.join(self.names)}"
        )


def split_eras(finished: Sequence[FrozenTrial]) -> list[Era]:
    """Split the finished trials of a study into eras, by their first trial.

    Returns
    -------
    list of Era
        One for a study whose parameters did not change; trials that are in none fit nowhere.
    """
    trials = sorted(finished, key=lambda t: t.number)
    whole = [t for t in trials if t.state in WHOLE]
    kept = _kept(whole)
    if len(whole) - len(kept) < SMALLEST:
        return [Era(trials, _names(kept or trials))]
    groups: list[list[FrozenTrial]] = []
    for segment in _segments(whole):
        while len(segment) >= SMALLEST:
            kept = _kept(segment)
            if not kept:
                break
            if len(kept) >= SMALLEST:
                groups.append(kept)
            numbers = {t.number for t in kept}
            segment = [t for t in segment if t.number not in numbers]
    groups = _rejoined(groups)
    if len(groups) < 2:
        return [Era(trials, _names(kept or trials))]
    failed = [t for t in trials if t.state not in WHOLE]
    return sorted(_with_failed(groups, failed), key=lambda era: era.trials[0].number)


def largest(eras: Sequence[Era]) -> int:
    """Return the place of the era with most completed trials; of equals, the last."""
    return max(range(len(eras)), key=lambda i: (eras[i].n_complete, len(eras[i].trials), i))


def _names(trials: Sequence[FrozenTrial]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for t in trials for name in t.params))


def _kept(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Return the trials that have a place in one space."""
    if not any(t.params for t in trials):
        return []
    try:
        found = infer_space(trials, study_name="era", direction="minimize", n_trials=1)
    except InputError:  # no parameter varies, or one was recorded in two ways
        recorded = {(n, type(d)) for t in trials for n, d in t.distributions.items()}
        alike = all(len(t.params) == len(recorded) for t in trials)
        return list(trials) if alike else []
    return [t for t in trials if t.number not in found.left_out]


def _segments(whole: list[FrozenTrial]) -> list[list[FrozenTrial]]:
    """Cut trials where parameters came and went, as often as that saves trials."""
    cuts = _cuts(whole)

    @cache
    def lost(start: int, end: int) -> int:
        if end - start < SMALLEST:
            return end - start
        return end - start - len(_kept(whole[start:end]))

    # best[i]: cost of the trials before cuts[i], and where its last segment starts
    best: list[tuple[int, int]] = [(0, 0)]
    for i in range(1, len(cuts)):
        options = [(best[j][0] + lost(cuts[j], cuts[i]) + (PRICE if j else 0), j) for j in range(i)]
        best.append(min(options))
    segments, i = [], len(cuts) - 1
    while i > 0:
        j = best[i][1]
        segments.append(whole[cuts[j] : cuts[i]])
        i = j
    return segments[::-1]


def _rejoined(groups: list[list[FrozenTrial]]) -> list[list[FrozenTrial]]:
    """Join parts that have a place in one space though others lie between them."""
    joined: list[list[FrozenTrial]] = []
    for group in groups:
        for i, earlier in enumerate(joined):
            both = sorted([*earlier, *group], key=lambda t: t.number)
            alike = set(_names(earlier)) == set(_names(group))
            if alike and len(_kept(both)) == len(both):
                joined[i] = both
                break
        else:
            joined.append(group)
    return joined


def _cuts(whole: list[FrozenTrial]) -> list[int]:
    """Return places where the most parameters stand for the first or were there the last time."""
    span: dict[tuple[Any, ...], tuple[int, int]] = {}  # of each parameter as it was recorded
    for i, t in enumerate(whole):
        for name, distribution in t.distributions.items():
            key = name, type(distribution)
            span[key] = span.get(key, (i, i))[0], i + 1
    weight: dict[int, int] = {}
    for place in (place for places in span.values() for place in places):
        weight[place] = weight.get(place, 0) + 1
    inner = [place for place in weight if 0 < place < len(whole)]
    strongest = sorted(inner, key=lambda place: (-weight[place], place))[:MOST_CUTS]
    return [0, *sorted(strongest), len(whole)]


def _with_failed(groups: list[list[FrozenTrial]], failed: list[FrozenTrial]) -> list[Era]:
    """Put each failed trial into the nearest era whose parameters it may have."""
    eras = [Era(list(group), _names(group)) for group in groups]
    for t in failed:
        fitting = [era for era in eras if set(t.params) <= set(era.names)]
        if fitting:
            nearest = min(fitting, key=lambda era: _distance(era, t.number))
            nearest.trials.append(t)
    for era in eras:
        era.trials.sort(key=lambda t: t.number)
    return eras


def _distance(era: Era, number: int) -> int:
    numbers = [t.number for t in era.trials]
    return max(min(numbers) - number, number - max(numbers), 0)
