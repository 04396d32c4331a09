"""What an objective may ask of its study, and callbacks that ask it."""

import inspect
import math

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.history import History
from resweep.sweep.plan import Plan
from resweep.sweep.proposals import Proposer
from resweep.sweep.trials.knowledge import known_trials
from resweep.sweep.trials.trial import SweepTrial, make_pruner

SPACE = Space(
    "toy",
    "minimize",
    20,
    {"type": "median", "n_startup_trials": 2, "n_warmup_steps": 1},
    {},
    (Parameter("x", "float", low=0.01, high=0.3, log=True),),
)


def records(n):
    return {
        i: {
            "number": i,
            "params": {"x": 0.02 * (i + 1)},
            "state": "FAIL" if i == 2 else "COMPLETE",
            "value": None if i == 2 else (i - 4.5) ** 2,
            "curve": [[0, 1.0], [1, None]],
            "user_attrs": {"kind": "proposal", "note": i},
        }
        for i in range(n)
    }


def trial_of(tmp_path, *, curves=(), space=SPACE, number=9):
    """Return trial `number`, which knows the learning curves of those before it."""
    history = History(space, ())
    point = {"x": 0.1}
    for i, curve in enumerate(curves):
        pairs = list(enumerate(curve))
        history.add(
            point, {"number": i, "state": "COMPLETE", "value": pairs[-1][1], "curve": pairs}
        )
    proposer = Proposer(Plan(space, seed=1, window=3))
    proposer.propose(number, records(number))
    return SweepTrial(
        len(curves),
        point,
        space,
        history.open_trial(len(curves), point, pruned=True),
        make_pruner(space.pruner),
        seed=1,
        threads=1,
        data=None,
        checkpoint=tmp_path / "checkpoint",
        known=known_trials(proposer.plan, proposer, number),
    )


def test_the_study_is_what_the_proposal_was_made_from(tmp_path):
    trial = trial_of(tmp_path)
    study = trial.study
    assert isinstance(trial, optuna.Trial)
    assert (study.study_name, study.direction.name, study.user_attrs) == ("toy", "MINIMIZE", {})
    assert [t.state.name for t in study.trials] == [
        "COMPLETE", "COMPLETE", "FAIL", "COMPLETE", "COMPLETE", "COMPLETE", "COMPLETE",
        "RUNNING", "RUNNING", "RUNNING",
    ]  # fmt: skip
    assert (study.best_value, study.best_trial.number) == (0.25, 4)
    assert study.best_params == {"x": 0.1} and study.best_trial.user_attrs["note"] == 4
    assert study.trials[0].intermediate_values[0] == 1.0
    assert math.isnan(study.trials[0].intermediate_values[1])
    assert len(study.get_trials(states=(TrialState.FAIL,))) == 1
    study.trials[0].params["x"] = 99.0  # a copy
    assert study.trials[0].params["x"] == 0.02


def test_what_a_trial_knows_does_not_depend_on_where_it_is_asked():
    """One process that walks from trial 0, and one that starts at trial 15, know the same."""
    plan = Plan(SPACE, seed=1, window=3)
    walked = Proposer(plan)
    for number in range(16):
        walked.propose(number, records(number))
    fresh = Proposer(plan)
    fresh.propose(15, records(15))
    ahead = Proposer(plan)
    ahead.propose(15, records(40))
    found = [known_trials(plan, p, 15)() for p in (walked, fresh, ahead)]
    shown = [[(t.number, t.state, t.values, t.user_attrs) for t in each] for each in found]
    assert shown[0] == shown[1] == shown[2]
    assert [t.state for t in found[0]].count(TrialState.RUNNING) == 3


def test_nothing_is_best_before_a_trial_completed(tmp_path):
    with pytest.raises(ValueError, match="No trials are completed yet"):
        trial_of(tmp_path, number=0).study.best_value  # noqa: B018


def test_system_attributes_stay_with_the_process(tmp_path):
    trial = trial_of(tmp_path)
    trial.storage.set_trial_system_attr(trial._trial_id, "run_id", "abc")
    assert trial.system_attrs["run_id"] == "abc"
    assert trial.storage.get_trial_system_attrs(trial._trial_id)["run_id"] == "abc"
    assert "run_id" not in trial.pruner_attrs


def test_nothing_falls_through_to_optunas_own_trial(tmp_path):
    """It is an instance of optuna.Trial, whose constructor never ran."""
    public = {name for name in dir(optuna.Trial) if not name.startswith("_")} | {"_suggest"}
    missing = {name for name in public if name not in vars(SweepTrial)}
    assert missing == set()
    used = inspect.getsource(SweepTrial)
    assert "super()" not in used
    assert trial_of(tmp_path)._suggest("x", SPACE["x"].distribution()) == 0.1


# Pruning callbacks of optuna-integration. The trials before are so good that this one is pruned.

GOOD = [[0.0] * 30] * 4
BAD = [[1e9] * 30] * 4


def data():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(80, 3)).astype("float32")
    return inputs, (inputs[:, 0] + 0.1 * rng.normal(size=80)).astype("float32")


def lightgbm(trial):
    lgb = pytest.importorskip("lightgbm")
    from optuna_integration import LightGBMPruningCallback

    inputs, target = data()
    params = {"objective": "regression", "metric": "l2", "verbose": -1, "num_threads": 1,
              "learning_rate": trial.suggest_float("x", 0.01, 0.3, log=True)}  # fmt: skip
    train = lgb.Dataset(inputs[:60], target[:60])
    lgb.train(
        params, train, num_boost_round=8, valid_sets=[train.create_valid(inputs[60:], target[60:])],
        callbacks=[LightGBMPruningCallback(trial, "l2", valid_name="valid_0")],
    )  # fmt: skip


def xgboost(trial):
    xgb = pytest.importorskip("xgboost")
    from optuna_integration import XGBoostPruningCallback

    inputs, target = data()
    xgb.train(
        {"eta": trial.suggest_float("x", 0.01, 0.3), "nthread": 1},
        xgb.DMatrix(inputs[:60], target[:60]),
        num_boost_round=8,
        evals=[(xgb.DMatrix(inputs[60:], target[60:]), "valid")],
        callbacks=[XGBoostPruningCallback(trial, "valid-rmse")],
        verbose_eval=False,
    )


def catboost(trial):
    cb = pytest.importorskip("catboost")
    from optuna_integration import CatBoostPruningCallback

    inputs, target = data()
    callback = CatBoostPruningCallback(trial, "RMSE")
    model = cb.CatBoostRegressor(
        iterations=8, learning_rate=trial.suggest_float("x", 0.01, 0.3), verbose=False,
        thread_count=1, allow_writing_files=False,
    )  # fmt: skip
    model.fit(inputs[:60], target[:60], eval_set=(inputs[60:], target[60:]), callbacks=[callback])
    callback.check_pruned()


def keras(trial):
    import os

    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    kr = pytest.importorskip("keras")
    from optuna_integration import KerasPruningCallback

    inputs, target = data()
    model = kr.Sequential([kr.layers.Dense(1)])
    model.compile(optimizer=kr.optimizers.SGD(trial.suggest_float("x", 0.01, 0.3)), loss="mse")
    model.fit(
        inputs, target, epochs=4, verbose=0, validation_split=0.25,
        callbacks=[KerasPruningCallback(trial, "val_loss")],
    )  # fmt: skip


def lightning(trial):
    torch = pytest.importorskip("torch")
    pl = pytest.importorskip("lightning.pytorch")
    from optuna_integration import PyTorchLightningPruningCallback

    class Model(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 1)

        def loss(self, batch):
            return ((self.layer(batch[0])[:, 0] - batch[1]) ** 2).mean()

        def training_step(self, batch, _):
            return self.loss(batch)

        def validation_step(self, batch, _):
            self.log("val_loss", self.loss(batch))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=trial.suggest_float("x", 0.01, 0.3))

    tensors = torch.utils.data.TensorDataset(*map(torch.from_numpy, data()))
    loader = torch.utils.data.DataLoader(tensors, batch_size=40)
    callback = PyTorchLightningPruningCallback(trial, monitor="val_loss")
    trainer = pl.Trainer(
        max_epochs=4, callbacks=[callback], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, accelerator="cpu",
        num_sanity_val_steps=0,
    )  # fmt: skip
    trainer.fit(Model(), loader, loader)
    callback.check_pruned()


@pytest.mark.parametrize("objective", [lightgbm, xgboost, catboost, keras, lightning])
@pytest.mark.filterwarnings("ignore")
def test_pruning_callbacks_of_optuna_integration(tmp_path, objective):
    pytest.importorskip("optuna_integration", reason="pip install optuna-integration")
    trial = trial_of(tmp_path, curves=BAD)
    objective(trial)
    assert len(trial.curve) >= 4 and all(math.isfinite(v) for v in trial.curve.values())
    trial = trial_of(tmp_path, curves=GOOD)
    with pytest.raises(optuna.TrialPruned):
        objective(trial)
    assert 0 < len(trial.curve) < 4
