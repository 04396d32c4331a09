"""The study that a trial sees: what was known of its sweep when the trial was proposed.

It looks like `optuna.Study` for reading. It holds exactly the trials that the proposal was made
from, so that what an objective reads there is the same whenever and wherever the trial runs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from resweep.errors import InputError
from resweep.ledger.fronts import as_losses, fronts
from resweep.space.constraints import violation
from resweep.space.model import Space
from resweep.sweep.history import NO_TIME, directions

if TYPE_CHECKING:
    from resweep.sweep.plan import Plan, Proposal
    from resweep.sweep.proposals import Proposer
    from resweep.sweep.trials.trial import SweepTrial


class KnownStudy:
    """A study for reading.

    Parameters
    ----------
    space : Space
    trials : callable
        Returns the trials that are known, by number; called when they are first asked for.
    storage : TrialStorage
    """

    _study_id = 0

    def __init__(
        self,
        space: Space,
        trials: Callable[[], list[FrozenTrial]],
        storage: TrialStorage,
    ):
        self.study_name = space.study_name
        self.user_attrs: dict[str, Any] = {}
        self.directions = directions(space)
        self.metric_names = list(space.objectives) or None
        self._space = space
        self._storage = storage
        self._read = trials
        self._trials: list[FrozenTrial] | None = None

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Return the trials that were known, this one as running among them."""
        if self._trials is None:
            self._trials = self._read()
        found = [t for t in self._trials if states is None or t.state in states]
        return copy.deepcopy(found) if deepcopy else found

    @property
    def trials(self) -> list[FrozenTrial]:
        """The trials that were known."""
        return self.get_trials()

    @property
    def direction(self) -> StudyDirection:
        """What is to be done with the value.

        Raises
        ------
        RuntimeError
            If there are several objectives, as Optuna does.
        """
        self._check_single("direction", "directions")
        return self.directions[0]

    def _check_single(self, asked: str, instead: str) -> None:
        if self._space.objectives:
            raise RuntimeError(
                f"study.{asked} is of one objective; of several, ask for study.{instead}"
            )

    @property
    def best_trial(self) -> FrozenTrial:
        """The completed trial with the best value.

        Raises
        ------
        ValueError
            If none was known, as Optuna does.
        RuntimeError
            If there are several objectives, as Optuna does.
        """
        self._check_single("best_trial", "best_trials")
        complete = self.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if not complete:
            raise ValueError("No trials are completed yet.")
        best = max if self.direction == StudyDirection.MAXIMIZE else min
        return copy.deepcopy(best(complete, key=lambda t: float(t.value or 0)))

    @property
    def best_trials(self) -> list[FrozenTrial]:
        """The completed trial with the best value, in a list; of several objectives, the front.

        As Optuna has it, what violates a constraint is no part of a front.
        """
        objectives = self._space.objectives
        if not objectives:
            return [self.best_trial]
        able = [
            t
            for t in self.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            if not violation(t.user_attrs, self._space.constraints) > 0
        ]
        levels = fronts(as_losses((t.values for t in able), objectives))
        return [copy.deepcopy(t) for t, level in zip(able, levels, strict=True) if level == 0]

    @property
    def best_value(self) -> float:
        """Value of `best_trial`."""
        return float(self.best_trial.value or 0)

    @property
    def best_params(self) -> dict[str, Any]:
        """Parameters of `best_trial`."""
        return self.best_trial.params

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise InputError(
            f"the objective asks for trial.study.{name}, but a trial may only read its study: "
            "direction, directions, study_name, user_attrs, trials, best_trial, best_trials, "
            "best_value, best_params",
            mend="what it wants to keep, it can note with trial.set_user_attr",
        )


class TrialStorage:
    """What callbacks keep about a running trial under system attributes.

    They stay with the process and enter no record, since run numbers of trackers and the like
    differ from run to run.
    """

    def __init__(self, trial: SweepTrial):
        self._trial = trial
        self._kept: dict[str, Any] = {}

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Keep an attribute of this trial."""
        self._check(trial_id)
        self._kept[key] = value

    def get_trial_system_attrs(self, trial_id: int) -> dict[str, Any]:
        """Return what the pruner noted and callbacks kept about this trial."""
        self._check(trial_id)
        return self._trial.pruner_attrs | self._kept

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a user attribute of this trial."""
        self._check(trial_id)
        self._trial.set_user_attr(key, value)

    def get_trial_user_attrs(self, trial_id: int) -> dict[str, Any]:
        """Return the user attributes of this trial."""
        self._check(trial_id)
        return self._trial.user_attrs

    def _check(self, trial_id: int) -> None:
        if trial_id != self._trial._trial_id:
            raise InputError(
                f"the objective asks for trial {trial_id} in the storage, but is itself trial "
                f"{self._trial._trial_id}",
                mend="read other trials through trial.study.trials",
            )

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise InputError(
            f"the objective asks for trial.storage.{name}; the storage of a trial holds its own "
            "attributes only",
            mend="read other trials through trial.study.trials",
        )


def known_trials(plan: Plan, proposer: Proposer, number: int) -> Callable[[], list[FrozenTrial]]:
    """Return what lists the trials that trial `number` knows.

    Those that had ended are as they ended; those under way, and itself, run.
    """
    ended = list(proposer.records[: max(0, number - plan.window + 1)])
    proposals = list(proposer.proposals[: number + 1])

    def read() -> list[FrozenTrial]:
        found = []
        for proposal in proposals:
            record = ended[proposal.number] if proposal.number < len(ended) else None
            found.append(_frozen(plan.space_of(proposal.kind), proposal, record))
        return found

    return read


def _frozen(space: Space, proposal: Proposal, record: Mapping[str, Any] | None) -> FrozenTrial:
    state = TrialState.RUNNING if record is None else TrialState[record["state"]]
    values: Any = None
    if record is not None and state != TrialState.FAIL:
        one = None if record["value"] is None else [record["value"]]
        values = record.get("values") or one
    curve: Sequence[Any] = () if record is None else record["curve"]
    return FrozenTrial(
        number=proposal.number,
        trial_id=proposal.number,
        state=state,
        value=None,
        values=values,
        datetime_start=NO_TIME,
        datetime_complete=None if record is None else NO_TIME,
        params=dict(proposal.params),
        distributions={n: space[n].distribution() for n in proposal.params if n in space},
        user_attrs={} if record is None else dict(record["user_attrs"]),
        system_attrs={},
        intermediate_values={s: float("nan") if v is None else v for s, v in curve},
    )
