"""Assignments, and a trial that answers decided values."""

from __future__ import annotations

import json

import optuna

CNN = {
    "encoder_type": "cnn",
    "lr": 3e-3,
    "batch_size": 16,
    "weight_decay": 1e-4,
    "label_smoothing": 0.05,
    "embed_dim": 128,
    "use_scheduler": True,
    "use_cosine": True,
    "temperature": 10.0,
    "demo_agg": "mean",
    "width_mult": 1.0,
    "depth": 2,
    "mlp_hidden": 256,
    "use_coords": False,
}
CONTEXT = {name: CNN[name] for name in list(CNN)[:9]} | {
    "encoder_type": "context",
    "ctx_d_model": 128,
    "ctx_n_head": 4,
    "ctx_pixel_layers": 1,
    "ctx_grid_layers": 1,
    "ctx_dropout": 0.1,
}
FIXED = {"epochs": 3, "base_width": 8, "ctx_scale": 0.25}


class DecidedTrial(optuna.trial.BaseTrial):
    """Answers the values it was given, whatever the bounds; keeps what is reported."""

    def __init__(self, params, fixed, data, *, seed=7, checkpoint=None, prune_at=None):
        self._params, self.fixed, self.data = dict(params), dict(fixed), data
        self.seed, self.threads, self.checkpoint, self.prune_at = seed, 1, checkpoint, prune_at
        self.values, self._attrs = {}, {}

    def _answer(self, name, *_, **__):
        return self._params[name]

    suggest_float = suggest_int = suggest_categorical = _answer
    suggest_uniform = suggest_loguniform = suggest_discrete_uniform = _answer

    def report(self, value, step):
        self.values[step] = value

    def should_prune(self):
        return self.prune_at is not None and max(self.values) >= self.prune_at

    def set_user_attr(self, key, value):
        json.dumps(value)
        self._attrs[key] = value

    def set_constraint(self, *_, **__):
        raise AssertionError("objectives set no constraints")

    def set_system_attr(self, key, value):
        raise AssertionError("objectives set no system attributes")

    number = 0
    params = property(lambda self: self._params)
    distributions = property(lambda self: {})
    user_attrs = property(lambda self: self._attrs)
    system_attrs = property(lambda self: {})
    datetime_start = None
    relative_params = property(lambda self: {})
