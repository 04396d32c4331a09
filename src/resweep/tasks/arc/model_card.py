"""The model card of a champion: what it is, what it was tested on, where it fails. Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from resweep.tasks.arc.grids import CATEGORY_NAMES


def model_card(
    name: str,
    result: Mapping,
    runs: Sequence[Mapping],
    data_card: Mapping,
    *,
    comparisons: Mapping[str, Mapping] | None = None,
) -> str:
    """Write the model card of a champion.

    Parameters
    ----------
    name
        What the champion is called.
    result
        Its `evaluation.combine`.
    runs
        The metrics of its runs (`champion.train_champion`).
    data_card
        The card beside the data file.
    comparisons
        Competitor -> `evaluation.compare(champion, competitor)`.

    Returns
    -------
    str
        Markdown.
    """
    first, ensemble, single = runs[0], result["ensemble"], result["single"]
    seeds = sorted({run["seed"] for run in runs})
    folds = sorted({run["fold"] for run in runs if run["fold"] is not None})
    where = f"{len(folds)}-fold cross-validation" if folds else "the test split"
    majority = sum(run["majority"] * run["n"] for run in runs) / sum(run["n"] for run in runs)
    lines = [
        f"# {name}",
        "",
        "Names the category of an ARC task from a few demonstration pairs.",
        "",
        "## Model",
        "",
        f"- encoder `{first['params'].get('encoder_type', 'fixed')}`, "
        f"{first['n_parameters']:,} weights, fingerprint `{first['fingerprint']}`",
        f"- trained on {first['n_train']} tasks, stopped early on {first['n_validation']} others, "
        f"seeds {', '.join(map(str, seeds))}",
        "- parameters: " + ", ".join(f"`{k}` {_value(v)}" for k, v in first["params"].items()),
        "",
        "## Data",
        "",
        f"- source `{data_card['source']}`, {data_card['tasks']} tasks, "
        f"{data_card['examples']} examples; licence: {data_card['licence']}",
        f"- digest `{data_card['digest'][:16]}`",
        "",
        f"## Results on {where}",
        "",
        f"n = {ensemble['n']} tasks, none of them seen in training, early stopping or any sweep; "
        "intervals are 95%, bootstrapped over tasks.",
        "",
        "| | accuracy | interval | macro F1 |",
        "| --- | --- | --- | --- |",
        f"| one run (mean of {len(seeds)} seeds, {single['lowest']:.3f} to "
        f"{single['highest']:.3f}) | {single['accuracy']:.3f} | {_interval(single)} | |",
        f"| ensemble of the seeds | {ensemble['accuracy']:.3f} | {_interval(ensemble)} | "
        f"{ensemble['macro_f1']:.3f} |",
        f"| always the commonest category | {majority:.3f} | | |",
        "",
    ]
    if comparisons:
        lines += [
            "| against | tasks | only this one right | only the other right | difference | p |",
            "| --- | --- | --- | --- | --- | --- |",
            *(
                f"| {other} | {found['n']} | {found['ensembles']['only_first']} | "
                f"{found['ensembles']['only_second']} | {found['ensembles']['difference']:+.3f} | "
                f"{found['ensembles']['p']:.3f} |"
                for other, found in comparisons.items()
            ),
            "",
            "Exact McNemar tests of the ensembles on the same tasks.",
            "",
        ]
    lines += [
        "## By category (ensemble)",
        "",
        "| category | | tasks | recall | precision |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {category} | {CATEGORY_NAMES.get(category, '')} | {row['n']} | "
            f"{_share(row['accuracy'])} | {_share(row['precision'])} |"
            for category, row in ensemble["per_category"].items()
        ),
        "",
        "Confusion (rows: truth, columns: named):",
        "",
        "| | " + " | ".join(result["categories"]) + " |",
        "| --- |" + " --- |" * len(result["categories"]),
        *(
            f"| {category} | " + " | ".join(map(str, row)) + " |"
            for category, row in zip(result["categories"], ensemble["confusion"], strict=True)
        ),
        "",
        "## Limits",
        "",
        "- Tells the nine categories of its training labels apart and names one of them for "
        "anything that it is given.",
        f"- Categories with few tasks ({_rare(ensemble)}) are hardly learned; their rows above "
        "say little.",
    ]
    if data_card["source"] != "procedural":
        lines.append(
            "- The labels were read off the source of task generators, not off grids; part of "
            "them cannot be seen in any number of examples."
        )
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _interval(row: Mapping) -> str:
    low, high = row["interval"]
    return f"{low:.3f} to {high:.3f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _rare(ensemble: Mapping) -> str:
    """Name the categories with fewer than half of their even share of the tasks, or the rarest."""
    counts = {c: row["n"] for c, row in ensemble["per_category"].items() if row["n"]}
    even = ensemble["n"] / len(counts)
    rare = [c for c, n in counts.items() if n < even / 2] or [min(counts, key=counts.get)]
    return ", ".join(f"{c}: {counts[c]}" for c in rare)
