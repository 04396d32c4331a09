import math
import os

import numpy as np
import pytest
import torch
from decided_trials import CNN, CONTEXT, FIXED

from resweep.tasks.arc import batches, training
from resweep.tasks.arc.data import TRAIN, VALIDATION, load
from resweep.tasks.arc.recipe import make_recipe

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def tasks(data_file):
    data = load(data_file)
    return tuple(batches.to_device(data, data.members(s), CPU) for s in (TRAIN, VALIDATION))


def recipe_of(params=CNN, **fixed):
    return make_recipe(params, FIXED | fixed, 9)


def fit(recipe, tasks, seed=1, **keywords):
    return training.fit(recipe, *tasks, 9, seed=seed, threads=1, **keywords)


def same(a, b):
    return (
        a.history == b.history
        and (a.probabilities == b.probabilities).all()
        and all((a.weights[k] == b.weights[k]).all() for k in a.weights)
    )


@pytest.mark.parametrize("params", [CNN, CONTEXT], ids=["cnn", "context"])
def test_equal_seeds_give_equal_numbers_and_others_do_not(params, tasks):
    recipe = recipe_of(params)
    first, again, other = (fit(recipe, tasks, seed) for seed in (1, 1, 2))
    assert same(first, again) and not same(first, other)


class Killed(Exception):
    pass


@pytest.mark.parametrize("params", [CNN, CONTEXT], ids=["cnn", "context"])
@pytest.mark.parametrize("schedule", ["plateau", "cosine"])
def test_a_killed_training_ends_with_the_same_numbers(params, schedule, tasks, tmp_path):
    recipe = recipe_of(params, epochs=4, schedule=schedule)
    whole = fit(recipe, tasks)

    def kill(at):
        def after_epoch(epoch, *_):
            if epoch == at:
                raise Killed

        return after_epoch

    path = tmp_path / "state.pt"
    for at in (0, 2):
        with pytest.raises(Killed):
            fit(recipe, tasks, checkpoint=path, after_epoch=kill(at))
        torch.rand(3)  # the generator's state must come from the checkpoint
    seen = {}
    resumed = fit(recipe, tasks, checkpoint=path, after_epoch=lambda e, a, p: seen.update({e: a}))
    assert same(whole, resumed)
    assert seen == dict(enumerate(whole.history))


def test_a_checkpoint_of_another_training_is_not_used(tasks, tmp_path):
    path = tmp_path / "state.pt"
    fit(recipe_of(), tasks, seed=1, checkpoint=path, identity="a")
    fresh = fit(recipe_of(), tasks, seed=2)
    assert same(fit(recipe_of(), tasks, seed=2, checkpoint=path, identity="a"), fresh)
    fit(recipe_of(), tasks, seed=1, checkpoint=path, identity="a")
    epochs = []
    fit(recipe_of(epochs=1), tasks, seed=1, checkpoint=path, identity="b",
        after_epoch=lambda e, a, p: epochs.append(e))  # fmt: skip
    assert epochs == [0]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04broken"])
def test_an_unreadable_checkpoint_is_not_used(content, tasks, tmp_path):
    path = tmp_path / "state.pt"
    path.write_bytes(content)
    assert same(fit(recipe_of(epochs=1), tasks, checkpoint=path), fit(recipe_of(epochs=1), tasks))


def test_training_learns(tasks):
    found = fit(recipe_of(epochs=15, early_stop_patience=0, samples_per_task=3), tasks)
    assert found.accuracy > 0.35  # chance is 1/9
    assert len(found.history) == 15 and found.accuracy == max(found.history)


def test_patience_ends_a_training_that_stands_still(tasks):
    stuck = fit(recipe_of(CNN | {"lr": 1e-12}, epochs=30, early_stop_patience=2), tasks)
    assert len(stuck.history) < 30
    assert training.stale_epochs(stuck.history) == 2


def test_divergence_says_at_which_epoch(tasks):
    with pytest.raises(FloatingPointError, match=r"loss is nan at epoch \d"):
        fit(recipe_of(CNN | {"lr": 1e30, "use_cosine": False, "label_smoothing": 0.0}), tasks)


def test_accuracy_counts_tasks_and_not_batches():
    # 65 tasks fill one evaluation batch and one of a single task
    labels = torch.zeros(65, dtype=torch.int64)
    probabilities = torch.zeros(65, 2)
    probabilities[:32, 0] = probabilities[32:, 1] = 1
    assert training.accuracy_of(probabilities, labels) == 32 / 65


def test_prediction_is_deterministic_and_leaves_the_random_state(tasks):
    recipe = recipe_of(eval_draws=3, symmetries=True)
    model = training.build(recipe, 9)
    before = torch.get_rng_state()
    first, second = (training.predict(recipe, model, tasks[1]) for _ in range(2))
    assert (first == second).all() and (torch.get_rng_state() == before).all()
    assert torch.allclose(first.sum(1), torch.ones(len(first)))


def test_prediction_does_not_depend_on_the_other_tasks_of_the_batch(tasks):
    recipe = recipe_of()
    model = training.build(recipe, 9)
    whole = training.predict(recipe, model, tasks[1])
    part = batches.TaskTensors(*(x[:3] for x in (tasks[1].grids, tasks[1].n_examples,
                                                 tasks[1].labels)))  # fmt: skip
    assert torch.allclose(training.predict(recipe, model, part), whole[:3], atol=1e-6)


@pytest.mark.parametrize(
    "setting",
    [{"symmetries": True}, {"difference": True}, {"random_demos": False}, {"demos": 5},
     {"color_permute": False}, {"samples_per_task": 2}, {"precision": "bfloat16"}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("params", [CNN, CONTEXT], ids=["cnn", "context"])
def test_every_setting_trains_and_makes_a_difference(params, setting, tasks):
    plain, changed = (fit(recipe_of(params, epochs=1, **s), tasks) for s in ({}, setting))
    assert not np.array_equal(plain.probabilities, changed.probabilities)


def test_the_cosine_schedule_rises_then_falls_to_zero():
    rates = [training.cosine(e / 10, 20) for e in range(200)]
    assert rates[0] < 0.3 and max(rates) == pytest.approx(1, abs=0.01)
    assert rates[-1] < 1e-3 and all(math.isfinite(r) and r >= 0 for r in rates)


def test_norms_biases_and_prototypes_do_not_decay():
    model = training.build(recipe_of(), 9)
    decayed, others = training.make_optimizer(model, recipe_of()).param_groups
    assert decayed["weight_decay"] == 1e-4 and others["weight_decay"] == 0
    assert all(p.ndim > 1 for p in decayed["params"])
    assert any(p is model.prototypes for p in others["params"])
    assert sum(p.numel() for g in (decayed, others) for p in g["params"]) == (
        training.count_parameters(model)
    )


def test_training_on_a_gpu_is_repeatable_and_on_a_cpu_nothing_changes(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    training.make_repeatable(CPU)
    assert not torch.are_deterministic_algorithms_enabled()
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    try:
        training.make_repeatable(torch.device("cuda"))
        assert torch.are_deterministic_algorithms_enabled()
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    finally:
        torch.use_deterministic_algorithms(False)
        torch.utils.deterministic.fill_uninitialized_memory = True
