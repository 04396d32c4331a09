"""Hypothesis strategies: random valid spaces, points of them, ledgers."""

import math

from hypothesis import strategies as st

from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import Parameter

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")),
    min_size=1,
    max_size=8,
)
TEXTS = st.sampled_from(
    ["cnn", "a b", 'quo"te', "com,ma", "line\nbreak", "grün", "yes", "null", "1e-7", "#", "None",
     "True", "-", "~", "", "nan", " lead", "0x1"]
)  # fmt: skip
FINITE = st.floats(-1e12, 1e12, allow_nan=False).map(lambda x: x + 0.0)


@st.composite
def numeric(draw, name):
    integer = draw(st.booleans())
    log = draw(st.booleans())
    values = (
        st.integers(1 if log else -1000, 10**6)
        if integer
        else (st.floats(1e-9, 1e6) if log else FINITE)
    )
    low, high = sorted(draw(st.lists(values, min_size=2, max_size=2, unique=True)))
    step = None
    if not log and draw(st.booleans()):
        step = draw(st.integers(1, 5)) * (1 if integer else 0.25)
        low = draw(st.integers(-20, 20)) * (1 if integer else 0.5)
        high = low + draw(st.integers(1, 30)) * step
    limits = draw(st.none() | st.just((low, high)) | st.just((low, high + (1 if integer else 1.5))))
    neutral = draw(st.none() | st.just(low))
    return Parameter(
        name, "int" if integer else "float", low=low, high=high, log=log, step=step,
        limits=limits, neutral=neutral,
    )  # fmt: skip


@st.composite
def categorical(draw, name):
    scalars = TEXTS | st.booleans() | st.none() | st.integers(2, 99) | st.floats(0.1, 0.9)
    choices = draw(
        st.lists(scalars, min_size=1, max_size=4, unique_by=lambda c: str(c or "None").lower())
    )
    weights = None
    if draw(st.booleans()):
        parts = draw(st.lists(st.integers(1, 8), min_size=len(choices), max_size=len(choices)))
        weights = tuple(w / sum(parts) for w in parts)
    ordered = draw(st.booleans()) and all(isinstance(c, str) for c in choices)
    limits = tuple(choices) if ordered and draw(st.booleans()) else None
    return Parameter(
        name, "categorical", choices=tuple(choices), weights=weights, ordered=ordered,
        limits=limits,
    )  # fmt: skip


@st.composite
def spaces(draw, max_params=5):
    names = draw(st.lists(NAMES, min_size=1, max_size=max_params, unique=True))
    params = []
    for name in names:
        param = draw(numeric(name) | categorical(name))
        parents = [p for p in params if p.choices is not None]
        if parents and draw(st.booleans()):
            parent = draw(st.sampled_from(parents))
            wanted = draw(st.lists(st.sampled_from(parent.choices), min_size=1, unique_by=repr))
            param = param.replace(condition={parent.name: tuple(wanted)})
        role = draw(st.sampled_from([None, "scientific", "nuisance"]))
        params.append(param.replace(role=role))
    fixed_names = draw(st.lists(NAMES.filter(lambda n: n not in names), max_size=2, unique=True))
    values = TEXTS | st.booleans() | st.integers() | FINITE
    space = Space(
        study_name=draw(TEXTS),
        direction=draw(st.sampled_from(["maximize", "minimize"])),
        n_trials=draw(st.integers(1, 10**4)),
        pruner=draw(st.sampled_from([
            {"type": "none"}, {"type": "median", "n_startup_trials": 5, "n_warmup_steps": 0},
        ])),
        fixed={name: draw(values) for name in fixed_names},
        params=tuple(params),
    )  # fmt: skip
    return space


@st.composite
def assignments(draw, space):
    found = {}
    for param in space:
        if not space.is_active(param.name, found):
            continue
        if param.choices is not None:
            value = draw(st.sampled_from(param.choices))
        elif param.step is not None:
            levels = int((param.high - param.low) / param.step + 1e-9)
            value = param.low + draw(st.integers(0, levels)) * param.step
            value = min(value, param.high)
        elif param.type == "int":
            value = draw(st.integers(param.low, param.high))
        else:
            value = draw(st.floats(param.low, param.high)) + 0.0
        found[param.name] = value
    return found


# A text that could be a number is one when it is read back: the table has no types.
ATTRS = st.integers(-5, 5) | st.sampled_from(["a", "b,c", 'q"', "two\nlines", "ü"])


@st.composite
def ledgers(draw):
    space = draw(spaces(max_params=4))
    keys = draw(st.lists(st.sampled_from(["seed", "note", "x y", "fail_reason"]), unique=True))
    records = []
    for number in sorted(draw(st.lists(st.integers(0, 99), min_size=1, max_size=6, unique=True))):
        state = draw(st.sampled_from(["COMPLETE", "COMPLETE", "PRUNED", "FAIL"]))
        value = draw(FINITE) if state == "COMPLETE" or draw(st.booleans()) else None
        steps = draw(st.lists(st.integers(0, 9), max_size=3, unique=True))
        records.append({
            "number": number,
            "value": None if state == "FAIL" else value,
            "state": state,
            "params": draw(assignments(space)),
            "user_attrs": {k: draw(ATTRS) for k in keys if draw(st.booleans())},
            "curve": [[s, draw(FINITE | st.just(math.nan))] for s in sorted(steps)],
        })  # fmt: skip
    return Ledger.from_records(records, space)
