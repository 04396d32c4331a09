"""The model card of a sweep's champions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from resweep.words import describe_value


def model_card(
    sweep: str, tables: Mapping[str, pd.DataFrame], data_card: Mapping[str, Any] | None
) -> str:
    """Return the model card of a sweep's champions, in Markdown."""
    own = tables["champions"][tables["champions"]["sweep"] == sweep]
    measure = "test accuracy" if data_card else "value"
    lines = [
        f"# Model card: champions of {sweep}",
        "",
        f"Each champion is a point of the sweep, trained again {own['n_runs'].iloc[0]} times on "
        "seeds that the sweep did not use.",
    ]
    if data_card:
        lines += [
            "",
            f"- Data: {data_card.get('source')}; digest `{str(data_card.get('digest'))[:16]}`; "
            f"licence: {data_card.get('licence', 'unknown')}.",
            f"- Tested on {own['n'].iloc[0]} tasks that neither trained a model nor chose one.",
            "- Intervals are 95%, by bootstrap over tasks; p of the exact McNemar test is for the "
            "averaged probabilities, two-sided, not corrected for the number of rows.",
        ]
        if data_card.get("source") in ("arc", "re_arc"):
            lines.append(
                "- The labels were read off the source of task generators; part of them cannot be "
                "seen in any number of grids."
            )
    lines += [
        "",
        f"| champion | trial | sweep's value | {measure} | 95% interval | macro-F1 | one run |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in own.itertuples():
        f1 = "" if row.macro_f1 is None or pd.isna(row.macro_f1) else f"{row.macro_f1:.3f}"
        interval = f"{row.accuracy_low:.4g} to {row.accuracy_high:.4g}"
        lines.append(
            f"| {row.rank + 1} | {row.trial} | {row.sweep_value:.4g} (n = {row.repeats}) | "
            f"{row.accuracy:.4g} | {'' if pd.isna(row.accuracy_low) else interval} | {f1} | "
            f"{row.single:.4g} ({row.lowest_seed:.4g} to {row.highest_seed:.4g}) |"
        )
    if len(tables["comparison"]):
        lines += [
            "",
            "## Compared",
            "",
            "| against | n | difference | p |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| {row.second} | {row.n} | {row.difference:+.4g} | {row.p:.3g} |"
            for row in tables["comparison"].itertuples()
        ]
    categories = tables["per_category"]
    if len(categories):
        lines += ["", "## The first champion by category", ""]
        lines += ["| category | n | correct | accuracy |", "| --- | --- | --- | --- |"]
        best = categories[(categories["sweep"] == sweep) & (categories["rank"] == 0)]
        lines += [
            f"| {row.category} | {row.n} | {row.correct} | "
            + ("" if pd.isna(row.accuracy) else f"{row.accuracy:.2f}")
            + " |"
            for row in best.itertuples()
        ]
    lines += ["", "## Parameters", ""]
    for row in own.itertuples():
        given = json.loads(row.params)
        text = ", ".join(f"{name} {describe_value(value)}" for name, value in given.items())
        lines.append(f"{row.rank + 1}. {text}")
    return "\n".join(lines) + "\n"
