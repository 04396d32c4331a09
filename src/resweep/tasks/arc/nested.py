"""Nested cross-validation: nothing is chosen on the fold that it is scored on.

For each fold, the candidates are ranked by their validation accuracy on slices of the other folds;
the winner is trained on several seeds and tested on the fold. The baseline is tested on the same
folds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from resweep.errors import InputError
from resweep.files import write_json_atomic
from resweep.tasks.arc import batches, evaluation, training
from resweep.tasks.arc.baseline import train_baseline
from resweep.tasks.arc.champion import json_argument, train_champion
from resweep.tasks.arc.objective import check_data, development_split, load_cached
from resweep.tasks.arc.recipe import make_recipe


def inner_accuracy(
    params: Mapping[str, Any],
    fixed: Mapping[str, Any],
    data_path: str | Path,
    *,
    fold: int,
    seed: int,
    threads: int,
) -> float:
    """Return the validation accuracy of a candidate on a slice of the tasks outside `fold`."""
    data = load_cached(data_path)
    recipe = make_recipe(params, fixed, data.side)
    check_data(recipe, data)
    rows = development_split(data, {**fixed, "seed": seed}, data.fold != fold)
    device = training.choose_device()
    train, validation = (batches.to_device(data, r, device) for r in rows)
    return training.fit(
        recipe, train, validation, len(data.categories), seed=seed, threads=threads
    ).accuracy


def nested(
    candidates: Sequence[Mapping[str, Any]],
    fixed: Mapping[str, Any],
    data_path: str | Path,
    *,
    inner_seeds: Sequence[int] = (0, 1),
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    final: Mapping[str, Any] | None = None,
    baseline: str = "extra_trees",
    threads: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Score the choice among candidates, and its competitor, fold by fold.

    Parameters
    ----------
    candidates
        Assignments; each may carry its own settings under the key "fixed".
    fixed
        Settings of all; `val_ratio` is the share of the inner slices.
    inner_seeds, seeds
        Seeds (and slices) that rank the candidates; seeds of the winner's ensemble.
    final
        Settings that override `fixed` in the winner's training, such as a smaller `val_ratio`.
    baseline
        The reference model, see `baseline.MODELS`.
    threads
        CPU threads.
    say
        Called with a line on each fold.

    Returns
    -------
    dict
        `champion`, `baseline` and `blend`, the two averaged with equal weights (see
        `evaluation.combine`); `comparison` and `blend_comparison` of the first and the last with
        the baseline (`evaluation.compare`);
        `chosen` (index of the winner per fold), `inner` (folds x candidates: mean accuracies).
    """
    data = load_cached(data_path)
    runs, reference, chosen, inner = [], [], [], []
    for fold in range(int(data.fold.max()) + 1):
        table = []
        for candidate in candidates:
            params, own = split_candidate(candidate)
            found = [
                inner_accuracy(
                    params, {**fixed, **own}, data_path, fold=fold, seed=seed, threads=threads
                )
                for seed in inner_seeds
            ]
            table.append(float(np.mean(found)))
        best = int(np.argmax(table))
        params, own = split_candidate(candidates[best])
        settings = {**fixed, **own, **(final or {})}
        tested = [
            train_champion(params, settings, data_path, seed=s, fold=fold, threads=threads).metrics
            for s in seeds
        ]
        runs += tested
        reference += [train_baseline(data_path, model=baseline, seed=s, fold=fold) for s in seeds]
        chosen.append(best)
        inner.append(table)
        accuracy = evaluation.combine(tested)["ensemble"]["accuracy"]
        say(f"fold {fold}: candidate {best}, {accuracy:.3f}")
    champion, rival = evaluation.combine(runs), evaluation.combine(reference)
    blend = evaluation.combine([*runs, *reference])
    return {
        "champion": champion,
        "baseline": rival,
        "blend": blend,
        "comparison": evaluation.compare(champion, rival),
        "blend_comparison": evaluation.compare(blend, rival),
        "chosen": chosen,
        "inner": inner,
        "candidates": [dict(c) for c in candidates],
        "fixed": dict(fixed),
        "final": dict(final or {}),
    }


def split_candidate(candidate: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a candidate's assignment and its own settings."""
    params = {k: v for k, v in candidate.items() if k != "fixed"}
    return params, dict(candidate.get("fixed", {}))


def main(arguments: list[str] | None = None) -> int:
    """Command line: nested cross-validation of the candidates in a JSON file."""
    parser = argparse.ArgumentParser(prog="python -m resweep.tasks.arc.nested")
    parser.add_argument("--candidates", type=Path, required=True, help="JSON list of assignments")
    parser.add_argument("--fixed", default="{}", help="settings of all: JSON, or a JSON file")
    parser.add_argument("--final", default="{}", help="overrides in the winner's training: JSON")
    parser.add_argument("--data", required=True, help="the prepared data file")
    parser.add_argument("--inner-seeds", type=int, default=2, help="seeds that rank candidates")
    parser.add_argument("--seeds", type=int, default=5, help="seeds of the winner's ensemble")
    parser.add_argument("--baseline", default="extra_trees")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    options = parser.parse_args(arguments)
    try:
        try:
            candidates = json.loads(options.candidates.read_text())
        except (OSError, ValueError) as error:
            raise InputError(
                f"cannot read the candidates ({error})", where="--candidates"
            ) from error
        if not isinstance(candidates, list) or not candidates:
            raise InputError("not a list of assignments", where=str(options.candidates))
        result = nested(
            candidates,
            json_argument(options.fixed, "--fixed"),
            options.data,
            inner_seeds=range(options.inner_seeds),
            seeds=range(options.seeds),
            final=json_argument(options.final, "--final"),
            baseline=options.baseline,
            threads=options.threads,
            say=print,
        )
    except (InputError, FloatingPointError) as error:
        print(error, file=sys.stderr)
        return 1
    write_json_atomic(options.out, result)
    for name in ("champion", "baseline", "blend"):
        found = result[name]["ensemble"]
        low, high = found["interval"]
        print(f"{name}: {found['accuracy']:.3f} [{low:.3f}, {high:.3f}], n = {found['n']}")
    print(f"champion against baseline: {result['comparison']['ensembles']}")
    print(f"blend against baseline: {result['blend_comparison']['ensembles']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
