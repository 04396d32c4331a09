"""A sweep as an in-memory Optuna study: what samplers and pruners look at."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import optuna
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from resweep.space.constraints import SET, excesses
from resweep.space.model import Space
from resweep.space.parameter import Parameter

Warm = Sequence[tuple[Mapping[str, Any], Any]]  # points with their value, or list of values

NO_TIME = datetime(1970, 1, 1)  # proposals read no clock


class History:
    """A sweep replayed into an in-memory Optuna study, one trial after the other.

    Trial t has the Optuna number ``offset + t``; trials that have no point in this space, and
    replicates, which are no new points, stand in it as failed.
    """

    def __init__(self, space: Space, warm: Warm):
        self.space = space
        self.study = _study(space)
        self._distributions = {param.name: param.distribution() for param in space.params}
        for params, value in warm:
            self._add(params, TrialState.COMPLETE, value if isinstance(value, list) else [value])
        self.offset = len(warm)
        self.length = 0
        self._asked: Trial | None = None  # the next trial, once something was drawn for it

    def _add(
        self,
        params: Mapping[str, Any],
        state: TrialState,
        values: Sequence[float] | None = None,
        curve: Iterable[tuple[int, float]] = (),
        system_attrs: Mapping[str, Any] | None = None,
    ) -> None:
        known = _Known(
            number=-1,  # the storage numbers it
            trial_id=-1,
            state=state,
            value=None,
            values=values,
            datetime_start=NO_TIME,
            datetime_complete=NO_TIME if state.is_finished() else None,
            params=dict(params),
            distributions={name: self._distributions[name] for name in params},
            user_attrs={},
            system_attrs=dict(system_attrs or {}),
            intermediate_values={step: _number(value) for step, value in curve},
        )
        self.study._storage.create_new_trial(self.study._study_id, template_trial=known)

    def add(self, params: Mapping[str, Any] | None, record: Mapping[str, Any]) -> None:
        """Append a trial that has ended: `start` and `finish` in one."""
        if params is None:
            self._add({}, TrialState.FAIL)
        else:
            state, values = _outcome(record)
            self._add(params, state, values, record["curve"], self._system_attrs(record))
        self.length += 1

    def start(self, params: Mapping[str, Any] | None) -> None:
        """Append a trial under way, or one that has no point here (`params` is None)."""
        if self._asked is not None:
            self.study.sampler = _Decided(params or {})
            trial, self._asked = Trial(self.study, self._asked._trial_id), None
            for name in params or {}:
                _suggest(trial, self.space[name])
            # TPE notes what it drew for parameters that were not used; a trial under way that is
            # known by its record has no such note, so none may have it.
            for key in self._frozen(self.length).system_attrs:
                self.study._storage.set_trial_system_attr(trial._trial_id, key, "")
            if params is None:
                self.study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
        else:
            self._add(params or {}, TrialState.FAIL if params is None else TrialState.RUNNING)
        self.length += 1

    def finish(self, number: int, record: Mapping[str, Any]) -> None:
        """Tell the result of trial `number`, which is under way."""
        frozen = self._frozen(number)
        if frozen.state != TrialState.RUNNING:
            return
        storage, trial_id = self.study._storage, frozen._trial_id
        for step, value in record["curve"]:
            storage.set_trial_intermediate_value(trial_id, int(step), _number(value))
        for key, value in self._system_attrs(record).items():
            storage.set_trial_system_attr(trial_id, key, value)
        storage.set_trial_state_values(trial_id, *_outcome(record))

    def _system_attrs(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a pruner noted, and the constraints: samplers look for them there."""
        kept = excesses(record.get("user_attrs") or {}, self.space.constraints)
        noted = record.get("system_attrs") or {}
        return {**noted, **{f"{SET}{key}": excess for key, excess in kept.items()}}

    def open_trial(self, number: int, params: Mapping[str, Any], *, pruned: bool) -> Trial:
        """Return an Optuna trial for the reports of trial `number`.

        It stands in a study of its own, beside the trials known here: what a running trial reports
        must not reach later proposals before it has ended. Its number, on which hyperband's
        brackets depend, is the same. If it is not `pruned`, no other trials are needed beside it.
        """
        apart = History(self.space, ())
        if pruned:
            storage, study_id = apart.study._storage, apart.study._study_id
            for known in self.study.get_trials(deepcopy=False)[: self.offset + number]:
                storage.create_new_trial(study_id, template_trial=known)
        apart._add(params, TrialState.RUNNING)
        apart.study.sampler = _Decided(params)
        return Trial(apart.study, apart.study.get_trials(deepcopy=False)[-1]._trial_id)

    def _frozen(self, number: int) -> FrozenTrial:
        return self.study.get_trials(deepcopy=False)[self.offset + number]

    def draw(self, sampler: BaseSampler, decided: Mapping[str, Any]) -> dict[str, Any]:
        """Draw parameters for the next trial; values in `decided` are taken as they are.

        May be called again for other parameters; `start` makes the last word.
        """
        self.study.sampler = sampler
        if self._asked is None:
            self._asked = self.study.ask()
        else:
            self._asked = Trial(self.study, self._asked._trial_id)
        relative = self._asked.relative_params
        frozen = self._frozen(self.length)
        params: dict[str, Any] = {}
        for param in self.space.params:
            if not self.space.is_active(param.name, params):
                continue
            if param.name in decided:
                value = decided[param.name]
            elif param.name in relative:
                value = relative[param.name]
            else:
                value = sampler.sample_independent(
                    self.study, frozen, param.name, param.distribution()
                )
            params[param.name] = param.cast(value)
        return params


class _Known(FrozenTrial):
    """A trial whose copies share its contents: a storage copies deeply what it then never changes.

    (It replaces, and does not alter, what a trial under way holds.)
    """

    def __deepcopy__(self, memo: dict[str, Any]) -> _Known:
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        return copied


def _study(space: Space) -> optuna.Study:
    return optuna.create_study(
        directions=directions(space),
        study_name=space.study_name,
        sampler=RandomSampler(seed=0),
    )


def directions(space: Space) -> list[StudyDirection]:
    """Return the direction of each objective, as Optuna has it."""
    named = space.objectives.values() or [space.direction]
    return [StudyDirection[direction.upper()] for direction in named]


def _outcome(record: Mapping[str, Any]) -> tuple[TrialState, list[float] | None]:
    """Return how a trial stands in the study; one that was pruned before any report, as failed."""
    state = TrialState[record["state"]]
    if state == TrialState.PRUNED and not record["curve"]:
        state = TrialState.FAIL
    if state != TrialState.COMPLETE:
        return state, None
    return state, record.get("values") or [record["value"]]


def _number(value: float | None) -> float:
    return math.nan if value is None else value


class _Decided(BaseSampler):
    """Answers each suggestion with the value decided before."""

    def __init__(self, values: Mapping[str, Any]):
        self._values = values

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Any, trial: Any, param_name: str, param_distribution: Any
    ) -> Any:
        return self._values[param_name]


def _suggest(trial: Trial, param: Parameter) -> None:
    if param.choices is not None:
        trial.suggest_categorical(param.name, param.choices)
    elif param.type == "int":
        trial.suggest_int(param.name, param.low, param.high, step=param.step or 1, log=param.log)
    else:
        trial.suggest_float(param.name, param.low, param.high, step=param.step, log=param.log)
