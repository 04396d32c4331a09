"""The trial that an objective sees: Optuna's interface, with values that were decided before."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from resweep.errors import InputError, closest
from resweep.files import write_text_atomic
from resweep.space.constraints import SET
from resweep.space.model import Space
from resweep.space.parameter import Parameter, describe_condition, describe_domain
from resweep.sweep.trials.knowledge import KnownStudy, TrialStorage
from resweep.words import describe_value


class SweepTrial(optuna.trial.Trial):
    """One trial of a sweep, as handed to ``objective(trial)``.

    ``suggest_*``, ``report``, ``should_prune``, ``set_user_attr``, ``number``, ``params`` and
    ``user_attrs`` behave as on `optuna.trial.Trial`, which it is an instance of; ``study`` can be
    read (see `resweep.sweep.trials.knowledge`). Beyond that, for objectives that want them:

    Attributes
    ----------
    seed : int
        Seed of this trial.
    fixed : dict
        The settings under ``fixed:`` of the space.
    data : Path or None
        The data file that the configuration names.
    threads : int
        How many CPU threads the trial may use.
    checkpoint : Path
        A file that the objective may write at any time (to another name, then `os.replace`) and
        read back when it is called again after a kill. It vanishes when the trial ends. What was
        reported, asked and noted before it was written is known again after the kill: report an
        epoch, then save it.
    """

    def __init__(
        self,
        number: int,
        params: Mapping[str, Any],
        space: Space,
        live: optuna.trial.Trial,
        pruner: optuna.pruners.BasePruner,
        *,
        seed: int,
        threads: int,
        data: Path | None,
        checkpoint: Path,
        journal: Path | None = None,
        known: Callable[[], list[optuna.trial.FrozenTrial]] = list,
    ):
        self._number, self._decided, self._space = number, dict(params), space
        self._live, self._pruner = live, pruner
        self._study = KnownStudy(space, known, TrialStorage(self))
        self._asked: dict[str, Any] = {}
        self._user_attrs: dict[str, Any] = {}
        self._warned: set[str] = set()
        self.seed, self.fixed, self.threads = seed, dict(space.fixed), threads
        self.data, self.checkpoint = data, checkpoint
        self.curve: dict[int, float] = {}
        self._step = 0
        self._advice: dict[int, bool] = {}
        self._journal: TextIO | None = None
        if journal is not None:
            self._resume(journal)

    def _resume(self, path: Path) -> None:
        """Do again what an attempt that left a checkpoint had done, then go on noting."""
        kept = _whole_lines(path) if self.checkpoint.exists() else []
        # Whole or not at all: on a full disk the old journal must outlive this attempt.
        write_text_atomic(path, "".join(json.dumps(event) + "\n" for event in kept))
        again: dict[str, Callable[..., object]] = {
            "report": self.report, "prune": self._ask, "attr": self.set_user_attr,
        }  # fmt: skip
        for event, *given in kept:
            again[event](*given)
        self._journal = path.open("a")

    def _note(self, *event: Any) -> None:
        if self._journal is not None:
            self._journal.write(json.dumps(event) + "\n")
            self._journal.flush()

    def close(self) -> None:
        """Stop noting: the trial has ended."""
        if self._journal is not None:
            with contextlib.suppress(OSError):
                self._journal.close()

    def _answer(self, name: str, kind: str, fits: Callable[[Any], bool], asked: str) -> Any:
        where = f"trial {self._number}, {name}"
        if name in self.fixed and name not in self._space:
            return self.fixed[name]
        if name not in self._space:
            raise InputError(
                f"the objective asks for a parameter that the space does not have"
                f"{closest(name, self._space.names)}",
                where=where,
                mend=f"add {name} to param_ranges, or its value to fixed",
            )
        param = self._space[name]
        if name not in self._decided:
            raise InputError(
                f"the objective asks for it, but in the space it takes part only if "
                f"{describe_condition(param)}",
                where=where,
                mend="make the condition of the space agree with the code",
            )
        value = self._decided[name]
        problem = _mismatch(param, kind)
        if problem:
            raise InputError(
                f"the objective asks for {asked}, but the space has {problem}", where=where
            )
        if not fits(value) and name not in self._warned:
            self._warned.add(name)
            if kind == "categorical":
                raise InputError(
                    f"the objective knows only {asked}; the space decided {describe_value(value)} "
                    f"from {describe_domain(param)}",
                    where=where,
                    mend="add the choice to the code or remove it from the space",
                )
            print(
                f"{where}: the objective asks for {asked}; the space rules and decided "
                f"{describe_value(value)} from {describe_domain(param)}",
                file=sys.stderr,
            )
        self._asked[name] = value
        return value

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Return the decided value."""
        value = self._answer(
            name, "float", lambda v: low <= v <= high, f"a float in {low:g}..{high:g}"
        )
        return float(value)

    def suggest_uniform(self, name: str, low: float, high: float) -> float:
        """Return the decided value; Optuna's old name for `suggest_float`."""
        return self.suggest_float(name, low, high)

    def suggest_loguniform(self, name: str, low: float, high: float) -> float:
        """Return the decided value; Optuna's old name for `suggest_float` with ``log=True``."""
        return self.suggest_float(name, low, high, log=True)

    def suggest_discrete_uniform(self, name: str, low: float, high: float, q: float) -> float:
        """Return the decided value; Optuna's old name for `suggest_float` with a step."""
        return self.suggest_float(name, low, high, step=q)

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """Return the decided value."""
        value = self._answer(name, "int", lambda v: low <= v <= high, f"an int in {low}..{high}")
        return int(value)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Return the decided choice."""
        asked = f"one of {list(choices)}"
        return self._answer(name, "categorical", lambda v: v in list(choices), asked)

    def report(self, value: float, step: int) -> None:
        """Note an intermediate value; the learning curve keeps the first value of each step.

        Raises
        ------
        InputError
            If the space has several objectives: Optuna has no reports there either.
        """
        self._check_single("trial.report")
        value, step = float(value), int(step)
        self._step = step
        if step in self.curve:
            return
        self._live.report(value if math.isfinite(value) else math.nan, step)
        self.curve[step] = value
        self._note("report", value, step)

    def should_prune(self) -> bool:
        """Whether the trials that were known when this one was proposed say to stop it.

        Asked again about the same step, it gives the same answer.

        Raises
        ------
        InputError
            If the space has several objectives.
        """
        self._check_single("trial.should_prune")
        if self._step not in self._advice:
            self._ask(self._step)
            self._note("prune", self._step)
        return self._advice[self._step]

    def _check_single(self, asked: str) -> None:
        if self._space.objectives:
            raise InputError(
                f"the objective calls {asked}, but the space has {len(self._space.objectives)} "
                "objectives: with several, trials are not pruned",
                where=f"trial {self._number}",
                mend="leave it out, or keep what is of interest with trial.set_user_attr",
            )

    def _ask(self, step: int) -> None:
        study = self._live.study
        frozen = study.get_trials(deepcopy=False)[self._live.number]
        self._advice[step] = bool(self._pruner.prune(study, frozen))

    def set_user_attr(self, key: str, value: Any) -> None:
        """Attach a JSON value to the trial's record.

        Raises
        ------
        InputError
            If `value` cannot be written as JSON.
        """
        try:
            plain = json.loads(json.dumps(value, default=_plain), parse_constant=_word)
        except (TypeError, ValueError, RecursionError):
            raise InputError(
                f"user attribute {key!r} cannot be written as JSON",
                where=f"trial {self._number}",
                mend="give a number, text, or a list or mapping of them",
            ) from None
        self._user_attrs[str(key)] = plain
        self._note("attr", str(key), plain)

    def set_constraint(self, key: str, value: float) -> None:
        """Set a constraint: above 0 it is violated. It is kept as ``constraints:<key>``."""
        self.set_user_attr(f"{SET}{key}", value)

    @property
    def constraints(self) -> dict[str, float]:
        """What was set with `set_constraint`."""
        noted = self._user_attrs.items()
        return {k.removeprefix(SET): v for k, v in noted if k.startswith(SET)}

    @property
    def study(self) -> KnownStudy:  # type: ignore[override]
        """The sweep for reading, as it was known when this trial was proposed."""
        return self._study

    @property
    def storage(self) -> TrialStorage:  # type: ignore[override]
        """Where callbacks keep system attributes of this trial."""
        return self._study._storage

    @property
    def _trial_id(self) -> int:  # type: ignore[override]
        return self._number

    @property
    def pruner_attrs(self) -> dict[str, Any]:
        """What the pruner noted about this trial."""
        frozen = self._live.study.get_trials(deepcopy=False)[self._live.number]
        return {k: v for k, v in frozen.system_attrs.items() if not k.startswith("tpe:")}

    @property
    def system_attrs(self) -> dict[str, Any]:
        """What the pruner noted and callbacks kept about this trial."""
        return self.storage.get_trial_system_attrs(self._trial_id)

    def _suggest(self, name: str, distribution: Any) -> Any:
        """Answer what OptunaSearchCV and the like ask with a distribution."""
        if isinstance(distribution, CategoricalDistribution):
            return self.suggest_categorical(name, distribution.choices)
        ask = self.suggest_int if isinstance(distribution, IntDistribution) else self.suggest_float
        return ask(name, distribution.low, distribution.high)

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of the objectives, in the order of their values; none where there is one."""
        return tuple(self._space.objectives)

    @property
    def bounded(self) -> tuple[str, ...]:
        """Names of the user attributes and objectives that the space sets bounds to."""
        return tuple(self._space.constraints)

    @property
    def number(self) -> int:
        """Number of the trial in its sweep."""
        return self._number

    @property
    def params(self) -> dict[str, Any]:
        """All decided parameters."""
        return dict(self._decided)

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """Distributions of the decided parameters."""
        return {name: self._space[name].distribution() for name in self._decided}

    @property
    def user_attrs(self) -> dict[str, Any]:
        """What was set with `set_user_attr`."""
        return dict(self._user_attrs)

    @property
    def datetime_start(self) -> None:
        """Nothing: a trial reads no clock."""
        return None

    @property
    def relative_params(self) -> dict[str, Any]:
        """All decided parameters; Optuna's name for what was sampled together."""
        return dict(self._decided)


def _plain(value: Any) -> Any:
    """Return what JSON knows in place of NumPy scalars and arrays, and of tensors."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError


def _word(constant: str) -> str | None:
    """Return what stands in a record for a number that JSON does not know."""
    return None if constant == "NaN" else constant


def _whole_lines(path: Path) -> list[list[Any]]:
    """Return the events of a journal up to where a kill cut it off."""
    events = []
    try:
        lines = path.read_text().splitlines(keepends=True)
    except (OSError, UnicodeDecodeError):
        return []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            break
        if not line.endswith("\n") or not isinstance(event, list):
            break
        events.append(event)
    return events


def _mismatch(param: Parameter, kind: str) -> str | None:
    """Return what the space has instead, where the two kinds cannot stand for each other."""
    if kind == "categorical" or param.choices is not None:
        same = kind == "categorical" and param.choices is not None
        numeric_ladder = kind != "categorical" and all(
            isinstance(c, int | float) and not isinstance(c, bool) for c in param.choices or ("",)
        )
        return None if same or numeric_ladder else f"{param.type} {describe_domain(param)}"
    return f"float {describe_domain(param)}" if kind == "int" and param.type == "float" else None


def make_pruner(spec: Mapping[str, Any]) -> optuna.pruners.BasePruner:
    """Return the Optuna pruner of a space's ``pruner`` section."""
    settings = {key: value for key, value in spec.items() if key != "type"}
    if spec["type"] == "hyperband":
        return optuna.pruners.HyperbandPruner(**settings)
    if spec["type"] == "median":
        return optuna.pruners.MedianPruner(**settings)
    return optuna.pruners.NopPruner()
