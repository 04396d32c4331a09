import dataclasses
from pathlib import Path

import pytest
from decided_trials import CNN, CONTEXT

from resweep.errors import InputError
from resweep.space.model import Space
from resweep.tasks.arc.recipe import FIXED_DEFAULTS, PARAMETERS, make_recipe, settings

SPACES = Path(__file__).parents[4] / "config/spaces"

CNN_CHANGES = {
    "encoder_type": "context",
    "lr": 1e-4,
    "batch_size": 32,
    "weight_decay": 1e-3,
    "label_smoothing": 0.1,
    "embed_dim": 256,
    "use_scheduler": False,
    "use_cosine": False,
    "temperature": 12.0,
    "demo_agg": "flatten",
    "width_mult": 2.0,
    "depth": 3,
    "mlp_hidden": 512,
    "use_coords": True,
}
CONTEXT_CHANGES = {
    "ctx_d_model": 256,
    "ctx_n_head": 8,
    "ctx_pixel_layers": 2,
    "ctx_grid_layers": 2,
    "ctx_dropout": 0.2,
}
FIXED_CHANGES = {
    "epochs": 21,
    "early_stop_patience": 5,
    "color_permute": False,
    "random_demos": False,
    "demos": 4,
    "samples_per_task": 2,
    "eval_draws": 2,
    "schedule": "cosine",
    "precision": "bfloat16",
    "base_width": 16,
    "stem_stride": 3,
    "symmetries": True,
    "difference": True,
    "statistics": True,
    "keep": "last",
}


def fingerprint(params, fixed=None, side=12):
    return make_recipe(params, fixed or {}, side).fingerprint()


@pytest.mark.parametrize("name", CNN_CHANGES)
def test_every_parameter_of_the_cnn_changes_the_fingerprint(name):
    changed = {**CONTEXT, **CNN, name: CNN_CHANGES[name]}
    assert fingerprint(changed) != fingerprint({**CONTEXT, **CNN})


@pytest.mark.parametrize("name", CONTEXT_CHANGES)
def test_every_parameter_of_the_context_encoder_changes_the_fingerprint(name):
    assert fingerprint(CONTEXT | {name: CONTEXT_CHANGES[name]}) != fingerprint(CONTEXT)


@pytest.mark.parametrize("name", FIXED_CHANGES)
def test_every_fixed_setting_changes_the_fingerprint(name):
    assert fingerprint(CNN, {name: FIXED_CHANGES[name]}) != fingerprint(CNN)


@pytest.mark.parametrize(("name", "value"), [("patch", 2), ("ctx_scale", 0.5)])
def test_settings_of_the_context_encoder_change_its_fingerprint_only(name, value):
    assert fingerprint(CONTEXT, {name: value}) != fingerprint(CONTEXT)
    assert fingerprint(CNN, {name: value}) == fingerprint(CNN)


def test_what_trains_the_same_shares_its_fingerprint():
    without = {k: v for k, v in CNN.items() if k != "temperature"} | {"use_cosine": False}
    assert fingerprint(without) == fingerprint(without | {"temperature": 3.0})
    assert fingerprint(CNN) == fingerprint({**CONTEXT, **CNN})
    assert fingerprint(CNN | {"width_mult": 1.01}) == fingerprint(CNN)
    assert fingerprint(CNN, {"compile": True}) == fingerprint(CNN)
    unscheduled = CNN | {"use_scheduler": False}
    assert fingerprint(unscheduled, {"schedule": "cosine"}) == fingerprint(unscheduled)


def test_the_data_are_part_of_the_fingerprint():
    recipe = make_recipe(CNN, {}, 12)
    assert recipe.fingerprint("a") != recipe.fingerprint("b")


def test_a_parameter_may_stand_in_fixed():
    rest = {k: v for k, v in CNN.items() if k != "depth"}
    assert make_recipe(rest, {"depth": 4}, 12) == make_recipe(CNN | {"depth": 4}, {}, 12)


def test_fields_of_the_other_encoder_are_none():
    cnn = dataclasses.asdict(make_recipe({**CONTEXT, **CNN}, {}, 12))
    assert all(cnn[k] is None for k in ("d_model", "heads", "pixel_layers", "dropout", "patch"))
    context = dataclasses.asdict(make_recipe(CONTEXT, {}, 12))
    assert all(context[k] is None for k in ("channels", "depth", "mlp_hidden", "coords"))


def test_heads_divide_every_width_in_units_of_four():
    for width in (128, 256, 384, 512, 768):
        for heads in (4, 8, 16):
            for scale in (0.125, 0.5, 1.0):
                params = CONTEXT | {"ctx_d_model": width, "ctx_n_head": heads}
                recipe = make_recipe(params, {"ctx_scale": scale}, 12)
                assert recipe.d_model % (4 * heads) == 0
                if scale == 1.0:
                    assert recipe.d_model == width


def test_defaults_complete_the_settings():
    assert settings({}) == FIXED_DEFAULTS
    assert settings({"epochs": 3, "depth": 4})["epochs"] == 3


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ({"epoch": 3}, 'did you mean "epochs"'),
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": 2.5}, "epochs is 2.5"),
        ({"demos": 0}, "demos"),
        ({"schedule": "linear"}, "schedule"),
        ({"precision": "float16"}, "precision"),
        ({"ctx_scale": 0}, "ctx_scale"),
        ({"color_permute": "yes"}, "color_permute"),
    ],
    ids=str,
)
def test_bad_settings_are_refused(fixed, message):
    with pytest.raises(InputError, match=message):
        settings(fixed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": None}, "'lr' has no value"),
        ({"encoder_type": "mlp"}, "unknown encoder_type"),
        ({"temperature": None}, "'temperature' has no value"),
        ({"demo_agg": "max"}, "demo_agg"),
        ({"depth": 11}, "depth"),
        ({"depth": 0}, "depth"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        make_recipe(CNN | change, {}, 12)


@pytest.mark.parametrize("file", sorted(SPACES.glob("*.yaml")), ids=lambda file: file.stem)
def test_the_ends_of_every_space_can_be_trained(file):
    space = Space.load(file)
    assert set(space.names) <= set(PARAMETERS)
    first = {p.name: p.choices[0] if p.choices else p.low for p in space}
    last = {p.name: p.choices[-1] if p.choices else p.high for p in space}
    recipes = {make_recipe(end, space.fixed, side=30) for end in (first, last)}
    assert len(recipes) == 2
    assert all(recipe.epochs == space.fixed["epochs"] for recipe in recipes)
