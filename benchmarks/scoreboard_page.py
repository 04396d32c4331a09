"""The page of the scoreboard: tables, tests and a picture from a file of finished cases."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
from tables import KINDS
from ways import COLD, FAST, GOES_ON, OURS, UNREFINED, WARM

from resweep.files import write_bytes_atomic, write_text_atomic
from resweep.markdown import frame_table
from resweep.reporting.charts.render import svg_bytes
from resweep.reporting.charts.style import layered
from resweep.reporting.charts.style import rows as data_of

PICTURE = "images/scoreboard.svg"
CASE = ["table", "kind", "noise", "parent", "seed"]


def long_table(rows: Sequence[dict]) -> pd.DataFrame:
    """Return one row for each case, way and budget; ``taken`` is what a user would take."""
    found = []
    for row in rows:
        case = {name: row[name] for name in CASE}
        for way, result in row["ways"].items():
            for budget, judged in result["budgets"].items():
                taken = judged["modelled" if way in (OURS, UNREFINED) else "observed"]
                found.append(case | {"way": way, "trials": int(budget), "taken": taken} | judged)
    return pd.DataFrame(found)


def means(frame: pd.DataFrame, column: str = "taken") -> pd.DataFrame:
    """Return mean regrets by space and way (rows) after each number of trials."""
    wide = frame.pivot_table(index=["kind", "way"], columns="trials", values=column)
    order = [pair for pair in itertools.product(KINDS, FAST) if pair in wide.index]
    return wide.reindex(order).round(3).reset_index()


def ratios(frame: pd.DataFrame, against: str) -> pd.DataFrame:
    """Return our mean regret as a share of another way's, by space and number of trials.

    Each with a 95% interval by resampling the cases.
    """
    wide = frame.pivot_table(index=[*CASE, "trials"], columns="way", values="taken").reset_index()
    wide = wide.dropna(subset=[OURS, against])
    kinds = [kind for kind in KINDS if kind in set(wide["kind"])]
    found = []
    for name in (*kinds, "all spaces"):
        own = wide if name == "all spaces" else wide[wide["kind"] == name]
        row: dict[str, object] = {"space": name, "cases": own.drop_duplicates(CASE).shape[0]}
        for budget, part in own.groupby("trials"):
            row[str(budget)] = _share(part[OURS].to_numpy(), part[against].to_numpy())
        found.append(row)
    return pd.DataFrame(found)


def _share(ours: np.ndarray, other: np.ndarray, resamples: int = 2000) -> str:
    drawn = np.random.default_rng(0).integers(0, len(ours), (resamples, len(ours)))
    low, high = np.quantile(ours[drawn].mean(axis=1) / other[drawn].mean(axis=1), [0.025, 0.975])
    return f"{ours.mean() / other.mean():.2f} ({low:.2f} to {high:.2f})"


def tests(frame: pd.DataFrame, ways: Sequence[str]) -> pd.DataFrame:
    """Compare ours with other ways in pairs: Wilcoxon's signed ranks, Holm over the table."""
    from scipy.stats import bootstrap, wilcoxon
    from statsmodels.stats.multitest import multipletests

    wide = frame.pivot_table(index=[*CASE, "trials"], columns="way", values="taken").reset_index()
    found = []
    for against, budget in itertools.product(ways, sorted(frame["trials"].unique())):
        part = wide[wide["trials"] == budget].dropna(subset=[OURS, against])
        gap = (part[OURS] - part[against]).to_numpy()
        interval = bootstrap((gap,), np.mean, n_resamples=2000, rng=0, method="percentile")
        low, high = interval.confidence_interval
        found.append(
            {
                "against": against,
                "trials": budget,
                "pairs": len(gap),
                "ratio": round(part[OURS].mean() / part[against].mean(), 2),
                "difference": f"{gap.mean():+.3f}",
                "95%": f"{low:+.3f} to {high:+.3f}",
                "p": wilcoxon(gap, zero_method="zsplit").pvalue,
            }
        )
    table = pd.DataFrame(found)
    corrected = multipletests(table.pop("p"), method="holm")[1]
    table["p (Holm)"] = [f"{p:.4f}" if p >= 0.0001 else "< 0.0001" for p in corrected]
    return table


def picking(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what the final choice costs, by noise: our sweeps at their full budget."""
    last = frame[(frame["way"] == OURS) & (frame["trials"] == frame["trials"].max())]
    other = frame[(frame["way"] == GOES_ON) & (frame["trials"] == frame["trials"].max())]
    wide = last.groupby("noise")[["observed", "modelled", "seen"]].mean()
    wide.insert(0, "cases", last.groupby("noise").size())
    wide["ratio"] = wide["modelled"] / wide["observed"]
    wide["v2 goes on, observed"] = other.groupby("noise")["observed"].mean()
    wide["v2 goes on, modelled"] = other.groupby("noise")["modelled"].mean()
    return wide.round(3).reset_index()


def by_table(frame: pd.DataFrame, budget: int) -> pd.DataFrame:
    """Return mean regrets by table after a number of trials."""
    part = frame[frame["trials"] == budget]
    wide = part.pivot_table(index="table", columns="way", values="taken")
    wide["cases"] = part[part["way"] == OURS].groupby("table").size()
    return wide[["cases", OURS, GOES_ON, WARM]].round(3).reset_index()


def losses(frame: pd.DataFrame, budget: int, by: float = 0.01) -> pd.DataFrame:
    """Return the spaces and tables where going on with v2 does better than ours by so much."""
    part = frame[frame["trials"] == budget]
    wide = part.pivot_table(index=["kind", "table"], columns="way", values="taken")
    wide = wide[[OURS, *(way for way in (GOES_ON, WARM, COLD) if way in wide)]]
    lost = wide[wide[OURS] > wide[GOES_ON] + by]
    return lost.round(3).reset_index()


def against_seconds(frame: pd.DataFrame) -> pd.DataFrame:
    """Return regrets and training time, as a share of what 100 trials of going on take."""
    last = frame["trials"].max()
    unit = frame[(frame["way"] == GOES_ON) & (frame["trials"] == last)].set_index(CASE)["seconds"]
    joined = frame.join(unit.rename("unit"), on=CASE)
    joined["time"] = joined["seconds"] / joined["unit"]
    wide = joined.groupby(["way", "trials"])[["time", "taken"]].agg(
        {"time": "median", "taken": "mean"}
    )
    return wide.round(3).reset_index()


def picture(frame: pd.DataFrame) -> bytes:
    """Draw regret against trials, one panel for each space."""
    kinds = [kind for kind in KINDS if kind in set(frame["kind"])]
    ways = [way for way in FAST if way in set(frame["way"])]
    shown = frame.groupby(["kind", "way", "trials"], as_index=False)["taken"].mean()
    shown["about"] = [f"{r.way}, {r.trials} trials: {r.taken:.3f}" for r in shown.itertuples()]
    budgets = sorted(shown["trials"].unique().tolist())
    colour = alt.Color("way:N", sort=ways, title=None, scale=alt.Scale(scheme="tableau10"))
    width = alt.condition(alt.datum.way == OURS, alt.value(2.8), alt.value(1.4))
    x = alt.X("trials:Q", title="trials after v2", axis=alt.Axis(values=budgets, format="d"),
              scale=alt.Scale(type="log", nice=False))  # fmt: skip
    y = alt.Y("taken:Q", title="mean regret of the point taken")
    panels = []
    for kind in kinds:
        base = alt.Chart(data_of(shown[shown["kind"] == kind]))
        lines = base.mark_line().encode(x=x, y=y, color=colour, strokeWidth=width)
        dots = base.mark_point(filled=True, size=25, opacity=1).encode(x=x, y=y, color=colour)
        panels.append(layered(lines, dots).properties(width=150, height=200, title=kind))
    sheet = alt.concat(*panels, columns=3).resolve_scale(y="shared")
    return svg_bytes(sheet, "Mean regret against trials", "benchmarks/scoreboard.jsonl")


def _markdown(table: pd.DataFrame) -> str:
    return "\n".join(frame_table(table))


def write(rows: Sequence[dict], page: Path) -> None:
    """Write the page and its picture."""
    frame = long_table(rows)
    parent = frame["parent"].min()
    main = frame[(frame["noise"] == 1) & (frame["parent"] == parent)]
    ways = [way for way in FAST if way in set(main["way"])]
    whole = main[main.groupby(CASE)["way"].transform("nunique") >= len(ways)]
    last = int(main["trials"].max())
    noisy = frame[(frame["parent"] == parent) & frame["kind"].isin(["right", "misplaced"])]
    longer = frame[(frame["noise"] == 1) & frame["kind"].isin(["right", "misplaced"])]
    lost = losses(main, last)
    parts = [
        "# Scoreboard",
        "Generated from the runs of `benchmarks/scoreboard.py` (its head says how they are judged "
        "and how to repeat them). Mean regret of the point that a user would take, as a share of "
        "the distance from the best entry of a table to its median; lower is better.",
        "```sh\npip install --no-deps optuna-hpf   # for the way of that name\n"
        "OMP_NUM_THREADS=1 python benchmarks/scoreboard.py --half test --out full.jsonl\n"
        "python benchmarks/scoreboard.py --out benchmarks/scoreboard.jsonl "
        "--report docs/scoreboard.md\n```",
        f"`benchmarks/scoreboard.jsonl` holds the {_count(frame)} cases below, of {len(ways)} ways "
        f"({', '.join(ways)}); in brackets 95% intervals by resampling cases. All but `{OURS}` and "
        f"`{UNREFINED}` search by Optuna's TPE. [Other ways](scoreboard_ways.md) stand in an "
        "earlier run.",
        f"![Mean regret against trials]({PICTURE})",
        f"v2 of {parent} trials, noise of the recorded seeds: {_count(main)} cases, all ways in "
        f"{_count(whole)} of them (these are in the picture). The settings of the search were "
        "chosen on the other half of tables and seeds.",
        "## Ours as a share of going on with v2",
        _markdown(ratios(main, GOES_ON)),
        "## Ours as a share of a warm search of the full limits",
        _markdown(ratios(main, WARM)),
        *_same_sampler(main),
        "## All ways",
        f"In the {_count(whole)} cases that all of them ran in.",
        _markdown(means(whole)),
        "## In pairs, over all spaces",
        "Wilcoxon's signed ranks, Holm over the table; intervals by bootstrap.",
        _markdown(tests(main, [way for way in ways if way != OURS])),
        f"## By table, after {last} trials",
        _markdown(by_table(main, last)),
        "## Where we lose",
        f"Spaces and tables where going on with v2 is better by 0.01 or more after {last} trials"
        f" (of {main.groupby(['kind', 'table']).ngroups}):",
        _markdown(lost) if len(lost) else "None.",
        "## Picking under noise",
        "Our sweeps of a right and of a misplaced space at their full budget, replicates included: "
        "the point of the best observed mean, the point that the model of all trials expects most "
        "of, and the best point among those seen.",
        _markdown(picking(noisy)),
        "## Longer v2",
        _markdown(_by_parent(longer)),
        "## Against training time",
        "Median training time of the trials, as a share of what 100 trials of going on take.",
        _markdown(against_seconds(whole)),
    ]
    write_bytes_atomic(page.parent / PICTURE, picture(whole))
    write_text_atomic(page, "\n\n".join(parts) + "\n")


def _same_sampler(frame: pd.DataFrame) -> list[str]:
    if UNREFINED not in set(frame["way"]):
        return []
    return [
        "## Ours as a share of a warm search of the full limits by the same sampler",
        "So what the refined space adds to the sampler, or takes from it.",
        _markdown(ratios(frame, UNREFINED)),
    ]


def _count(frame: pd.DataFrame) -> int:
    return frame.groupby(CASE).ngroups


def _by_parent(frame: pd.DataFrame) -> pd.DataFrame:
    last = frame[frame["trials"] == frame["trials"].max()]
    wide = last.pivot_table(index=["parent", "kind"], columns="way", values="taken")
    return wide[[OURS, GOES_ON, WARM]].round(3).reset_index()
