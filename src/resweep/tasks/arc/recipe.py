"""What a trial trains, in effect: from sweep parameters and fixed settings to one `Recipe`.

A recipe holds what has an effect and nothing else (channels, not a multiplier; no temperature
where the similarity is a dot product), so that two assignments that train the same thing have
equal recipes, and equal fingerprints.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from resweep.errors import InputError, closest

PARAMETERS = (
    "encoder_type", "lr", "batch_size", "weight_decay", "label_smoothing", "embed_dim",
    "use_scheduler", "use_cosine", "temperature", "demo_agg", "width_mult", "depth", "mlp_hidden",
    "use_coords", "ctx_d_model", "ctx_n_head", "ctx_pixel_layers", "ctx_grid_layers",
    "ctx_dropout", "stat_hidden", "stat_dropout",
)  # fmt: skip
"""The parameters that a sweep may vary; any of them may stand in `fixed` instead."""

STATISTICS_DEFAULTS = {"stat_hidden": 256, "stat_dropout": 0.5}

FIXED_DEFAULTS = {
    "epochs": 20,  # passes over the training tasks
    "early_stop_patience": 4,  # epochs without a better validation accuracy; 0: never stop early
    "val_ratio": 0.2,  # share of the tasks outside the test split that validate
    "stratify": True,  # validation takes that share of each category
    "color_permute": True,  # training: colours 1-9 change places, the same for all of a sample
    "random_demos": True,  # training: demonstrations are drawn; otherwise always the first ones
    "seed": 42,  # of the division into training and validation
    "demos": 3,  # demonstration pairs per sample
    "samples_per_task": 1,  # samples drawn of each training task in an epoch
    "eval_draws": 1,  # sets of demonstrations whose predictions are averaged in evaluation
    "schedule": "plateau",  # what use_scheduler switches on: "plateau" or "cosine"
    "precision": "auto",  # "float32", "bfloat16"; "auto": bfloat16 on a GPU, float32 on a CPU
    "base_width": 32,  # channels of the cnn's first stage at width_mult 1
    "stem_stride": 0,  # stride of the cnn's first convolution; 0: 2 for sides above 16, else 1
    "patch": 3,  # side, in cells, of the patches that are the context encoder's tokens
    "ctx_scale": 1.0,  # multiplies ctx_d_model, for small machines
    "symmetries": False,  # training: each sample is flipped or turned at random as a whole
    "difference": False,  # two more input channels: cells that changed, cells in both grids
    "statistics": False,  # the encoder "statistics" joins the cnn or context (embeddings added)
    "keep": "best",  # the weights of the "best" epoch on validation, or of the "last" one
    "compile": False,  # torch.compile the model
}
"""Every key that `fixed` may hold beside searched parameters, with its default."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The effective model and training; see `FIXED_DEFAULTS` for the meaning of the settings.

    Fields of the encoder that is not in use are None, and so is `temperature` for a dot product.
    """

    encoder: str
    side: int  # of the square that holds every grid, in cells
    lr: float
    batch_size: int
    weight_decay: float
    label_smoothing: float
    embed_dim: int
    schedule: str  # "none", "plateau", "cosine"
    temperature: float | None
    epochs: int
    patience: int
    color_permute: bool
    random_demos: bool
    demos: int
    samples_per_task: int
    eval_draws: int
    precision: str
    keep: str
    symmetries: bool
    compile: bool
    difference: bool = None  # type: ignore[assignment]
    # cnn
    demo_agg: str = None  # type: ignore[assignment]
    channels: int = None  # type: ignore[assignment]
    depth: int = None  # type: ignore[assignment]
    mlp_hidden: int = None  # type: ignore[assignment]
    coords: bool = None  # type: ignore[assignment]
    stem_stride: int = None  # type: ignore[assignment]
    # context
    d_model: int = None  # type: ignore[assignment]
    heads: int = None  # type: ignore[assignment]
    pixel_layers: int = None  # type: ignore[assignment]
    grid_layers: int = None  # type: ignore[assignment]
    dropout: float = None  # type: ignore[assignment]
    patch: int = None  # type: ignore[assignment]
    # statistics, alone or beside another encoder
    stat_hidden: int | None = None
    stat_dropout: float = None  # type: ignore[assignment]

    def fingerprint(self, data_digest: str = "") -> str:
        """Return 16 hexadecimal digits for what is trained on what data, whatever the seed."""
        # compiling changes the speed, not the model
        content = {k: v for k, v in dataclasses.asdict(self).items() if k != "compile"}
        text = json.dumps([content, data_digest], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def settings(fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Complete `fixed` by the defaults, without the searched parameters that it may hold.

    Raises
    ------
    InputError
        If a key is neither a setting nor a searched parameter, or a value is out of range.
    """
    for key in fixed:
        if key not in FIXED_DEFAULTS and key not in PARAMETERS:
            raise InputError(
                f"unknown fixed setting {key!r}{closest(key, (*FIXED_DEFAULTS, *PARAMETERS))}",
                where="fixed",
                mend=f"known are {', '.join(FIXED_DEFAULTS)}",
            )
    chosen = {key: fixed.get(key, default) for key, default in FIXED_DEFAULTS.items()}
    for key, least in (("epochs", 1), ("demos", 1), ("samples_per_task", 1), ("eval_draws", 1),
                       ("patch", 1), ("base_width", 1), ("stem_stride", 0),
                       ("early_stop_patience", 0)):  # fmt: skip
        if not isinstance(chosen[key], int) or chosen[key] < least:
            raise InputError(
                f"{key} is {chosen[key]!r}", where="fixed", mend=f"a whole number >= {least}"
            )
    for key in (k for k, default in FIXED_DEFAULTS.items() if isinstance(default, bool)):
        if not isinstance(chosen[key], bool):
            raise InputError(f"{key} is {chosen[key]!r}", where="fixed", mend="true or false")
    if not 0 < chosen["ctx_scale"] <= 8:
        raise InputError(f"ctx_scale is {chosen['ctx_scale']}", where="fixed", mend="above 0")
    for key, allowed in (
        ("schedule", ("plateau", "cosine")),
        ("keep", ("best", "last")),
        ("precision", ("auto", "float32", "bfloat16")),
    ):
        if chosen[key] not in allowed:
            raise InputError(
                f"{key} is {chosen[key]!r}", where="fixed", mend=f"choose one of {list(allowed)}"
            )
    return chosen


def make_recipe(params: Mapping[str, Any], fixed: Mapping[str, Any], side: int) -> Recipe:
    """Work out the recipe of one assignment.

    Parameters
    ----------
    params
        The searched parameters that are active; those in `fixed` take their value from there.
    fixed
        The fixed settings (see `FIXED_DEFAULTS`), and any searched parameter that was fixed.
    side
        Side of the square that holds every grid of the data, in cells.

    Raises
    ------
    InputError
        If a parameter is missing or has no meaning.
    """
    chosen = settings(fixed)
    values = {**params, **{k: v for k, v in fixed.items() if k in PARAMETERS}}

    def need(name: str) -> Any:
        if values.get(name) is None:
            raise InputError(f"the parameter {name!r} has no value")
        return values[name]

    encoder = str(need("encoder_type"))
    common = {
        "encoder": encoder,
        "side": side,
        "lr": float(need("lr")),
        "batch_size": int(need("batch_size")),
        "weight_decay": float(need("weight_decay")),
        "label_smoothing": float(need("label_smoothing")),
        "embed_dim": int(need("embed_dim")),
        "schedule": str(chosen["schedule"]) if need("use_scheduler") else "none",
        "temperature": float(need("temperature")) if need("use_cosine") else None,
        "epochs": chosen["epochs"],
        "patience": chosen["early_stop_patience"],
    } | {
        key: chosen[key]
        for key in ("color_permute", "random_demos", "demos", "samples_per_task", "eval_draws",
                    "precision", "keep", "symmetries", "compile")
    }  # fmt: skip
    if chosen["statistics"] or encoder == "statistics":
        values = STATISTICS_DEFAULTS | values
        common |= {
            "stat_hidden": int(need("stat_hidden")),
            "stat_dropout": float(need("stat_dropout")),
        }
    if encoder == "statistics":
        # statistics do not change with the colours, and are measured before any augmentation
        return Recipe(**common | {"color_permute": False, "symmetries": False, "side": 0})
    common["difference"] = chosen["difference"]
    if encoder == "cnn":
        if not 1 <= int(need("depth")) <= 10:
            raise InputError(f"depth is {values['depth']}", mend="choose 1 to 10 residual blocks")
        if need("demo_agg") not in ("flatten", "mean"):
            raise InputError(
                f"demo_agg is {values['demo_agg']!r}", mend="choose 'flatten' or 'mean'"
            )
        return Recipe(
            **common,
            demo_agg=str(need("demo_agg")),
            # multiples of 8 channels: what vector units like
            channels=8 * max(1, round(chosen["base_width"] * float(need("width_mult")) / 8)),
            depth=int(need("depth")),
            mlp_hidden=int(need("mlp_hidden")),
            coords=bool(need("use_coords")),
            stem_stride=chosen["stem_stride"] or (2 if side > 16 else 1),
        )
    if encoder == "context":
        heads = int(need("ctx_n_head"))
        # rotary positions in two directions need head widths that are multiples of 4
        unit = 4 * heads
        return Recipe(
            **common,
            d_model=unit * max(1, round(int(need("ctx_d_model")) * chosen["ctx_scale"] / unit)),
            heads=heads,
            pixel_layers=int(need("ctx_pixel_layers")),
            grid_layers=int(need("ctx_grid_layers")),
            dropout=float(need("ctx_dropout")),
            patch=min(chosen["patch"], side),
        )
    raise InputError(
        f"unknown encoder_type {encoder!r}", mend="choose 'cnn', 'context' or 'statistics'"
    )
