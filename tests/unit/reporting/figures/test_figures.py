"""Figures show what their tables hold, in one style, with the same bytes at every call."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache

import matplotlib
import numpy as np
import pandas as pd
import pytest
import studies
from matplotlib.colors import to_rgba
from reports import CATEGORIES, tables, v2_report, v3_report

from resweep import words as words_module
from resweep.evidence.comparison import compare
from resweep.ledger.points import points
from resweep.reporting.figures import (
    adjusted,
    catalogue,
    evidence,
    outcome,
    parameters,
    style,
    trials,
)
from resweep.reporting.inputs import Report, Sweep
from resweep.workflow import files

ENTRIES = {entry.name: entry for entry in (*catalogue.FIGURES, *catalogue.CHAMPION_FIGURES)}


@cache
def draw(name, version="v3"):
    report = {"v2": v2_report, "v3": v3_report}[version]()
    return ENTRIES[name].draw(*given(name, report))


def given(name, report):
    champions = name in {entry.name for entry in catalogue.CHAMPION_FIGURES}
    return (report.champions, report.sweep.name) if champions else (report,)


def labelled(axes, label):
    """The artist of a panel that the legend calls by this name."""
    return dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))[label]


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def row_names(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


@pytest.mark.parametrize("name", ENTRIES)
def test_svg_is_the_same_at_every_call_and_names_its_tables(name):
    one, two = (dict(ENTRIES[name].files(*given(name, v3_report()))) for _ in range(2))
    assert one == two
    assert list(one) == [f"{name}.svg", f"{name}.png"]
    text = one[f"{name}.svg"].decode()
    assert ", ".join(ENTRIES[name].sources) in text
    assert not re.search(r"<dc:date>|Matplotlib v|20\d\d-\d\d-\d\d", text)
    root = ET.fromstring(text)
    width = float(root.get("width").removesuffix("pt")) / 72
    assert width <= style.WIDE + 0.01  # two columns of a journal page
    assert one[f"{name}.png"].startswith(b"\x89PNG")
    assert len(text) < 500_000


def test_a_users_own_style_changes_nothing():
    table = v3_report().sweep.table("noise")
    plain = style.svg_bytes(trials.noise_figure(table))
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.hashsalt": "mine"}):
        assert style.svg_bytes(trials.noise_figure(table)) == plain


def test_the_history_holds_every_value_and_the_parents_best():
    report, axes = v3_report(), draw("history").axes[0]
    table, before = (s.table("best_so_far") for s in (report.sweep, report.parent))
    done = table[table["state"] == "COMPLETE"]
    np.testing.assert_array_equal(
        labelled(axes, "complete").get_offsets(), done[["number", "value"]].to_numpy()
    )
    np.testing.assert_array_equal(labelled(axes, "best so far").get_ydata(), table["best"])
    np.testing.assert_array_equal(labelled(axes, "best so far of v2").get_ydata(), before["best"])
    for state, label in (("PRUNED", "pruned"), ("FAIL", "failed")):
        numbers = table.loc[table["state"] == state, "number"]
        np.testing.assert_array_equal(labelled(axes, label).get_xdata(), numbers)


def test_a_bad_start_of_the_parent_does_not_flatten_the_history():
    table, parent = (s.table("best_so_far") for s in (v3_report().sweep, v3_report().parent))
    parent = parent.assign(best=np.where(parent["number"] < 5, -1000.0, parent["best"]))
    low, high = evidence.history_figure(table, parent).axes[0].get_ylim()
    assert low > 0 and high > table["best"].max()


def test_adjusted_effects_are_those_of_their_tables():
    sweep, figure = v2_report().sweep, draw("adjusted_effects", "v2")
    effects = sweep.table("adjusted_effects").dropna(subset=["p_holm"])
    effects = effects.sort_values(["p_holm", "p"], kind="stable")
    shown = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert len(shown) == adjusted.MAX_PANELS == len(effects) - 1
    assert "Not drawn: 1 more" in words(figure)
    for axes, row in zip(shown, effects.itertuples(), strict=False):
        curve = sweep.rows("adjusted_curves", row.parameter)
        name, p = axes.get_title(loc="left").splitlines()
        assert name == row.parameter and words_module.probability(row.p_holm) in p
        levels = [line for line in axes.get_lines() if len(line.get_ydata()) == len(curve)]
        assert any(np.allclose(line.get_ydata(), curve["level"]) for line in levels)
        margin = labelled(axes, "margin: this near to the best is as good")
        assert set(margin.get_ydata()) == {row.level_margin}
        shaded = [a for a in axes.patches if a.get_label() == adjusted.WORSE]
        assert bool(shaded) == curve["surely_worse"].any()
        assert (axes.title.get_text(), axes._left_title.get_color()) == (
            "", style.BLACK if row.matters else style.GREY)  # fmt: skip


def test_importances_pass_where_their_table_says_so():
    table = v2_report().sweep.table("importances_fanova").dropna(subset=["importance"])
    axes = draw("importances", "v2").axes[0]
    bars = {round(b.get_y() + b.get_height() / 2): b for b in axes.patches}
    for place, row in enumerate(table.itertuples()):
        assert bars[place].get_width() == pytest.approx(row.importance)
        colour = style.SURE if row.important else style.OPEN
        assert bars[place].get_facecolor() == to_rgba(colour)
        assert row_names(axes)[place] == f"{row.parameter} ({row.n})"
    threshold = next(v for label, v in zip(*reversed(axes.get_legend_handles_labels()), strict=True)
                     if label.startswith("threshold"))  # fmt: skip
    np.testing.assert_allclose(threshold.get_xdata(), table["threshold"])


def test_only_what_is_told_from_noise_is_filled():
    left, right = draw("directionality", "v2").axes
    trends = v2_report().sweep.table("directionality_continuous")
    filled = labelled(left, "told from noise (q < 0.10)").get_offsets()
    rho = trends.set_index("parameter").loc["batch_size", "rho"]
    assert [x for x, _ in filled] == [pytest.approx(rho)]  # lr is sure by its cluster, not trend
    places = labelled(right, "told from noise (q < 0.10)").get_offsets()[:, 1].astype(int)
    sure = {row_names(right)[place].split(":")[0] for place in places}
    assert sure == {"use_scheduler", "demo_agg"}
    assert len(row_names(left)) == trends["rho"].notna().sum()


def test_bounds_show_the_old_and_the_new_range():
    figure, refined = draw("bounds", "v2"), v2_report().refined
    axes, choices = figure.axes
    text = words(figure)
    assert "5e-05 to 0.01 (log)\n5e-05 to 0.00035 (log)" in text
    assert "0 to 0.2\nfixed at 0" in text and "1e-07 to 0.1 (log)\nsame" in text
    row = row_names(axes).index("depth")
    new = labelled(axes, "range after").patches if row == 0 else axes.patches
    spans = [(b.get_x(), b.get_width()) for b in new
             if abs(b.get_y() + b.get_height() / 2 - (row + 0.26)) < 1e-6]  # fmt: skip
    assert spans == [(pytest.approx(1 / 8), pytest.approx(7 / 8))]  # 3..10 within 2..10
    table = v2_report().sweep.table("elite_choices")
    share = table[(table["parameter"] == "batch_size") & (table["choice"].astype(str) == "16")]
    place = row_names(choices).index(f"16 ({share['n'].iloc[0]})")
    widths = [b.get_width() for b in choices.patches
              if abs(b.get_y() + b.get_height() / 2 - place) < 0.3]  # fmt: skip
    assert widths == [share["share"].iloc[0], share["elite_share"].iloc[0]]
    assert "dropped" in text and "added" in text and refined.name == "v3"


def test_contours_are_white_where_no_point_lies():
    sweep = v2_report().sweep
    table = sweep.table("contours")
    axes = draw("contours", "v2").axes[0]
    mesh = axes.collections[0].get_array()
    first = table[table["pair"] == 1]
    assert mesh.size == len(first)
    assert mesh.mask.sum() == (first["support"] < evidence.WELL_SUPPORTED).sum()
    shown = sum(len(labelled(axes, x).get_offsets()) for x in ("points", "elites (best quarter)"))
    assert shown == first["n"].iloc[0]


def test_parallel_coordinates_end_at_the_value():
    sweep = v3_report().sweep
    axes = draw("parallel_coordinates").axes[0]
    value = sweep.points["value"]
    scaled = (value - value.min()) / (value.max() - value.min())
    ends = [line.get_ydata()[-1] for line in axes.get_lines()]
    np.testing.assert_allclose(sorted(set(ends)), sorted(set(scaled)))
    best = sweep.points.loc[sweep.points["score"].idxmax()]
    assert labelled(axes, f"best (trial {best['number']})").get_ydata()[-1] == 1.0
    assert len(axes.get_xticks()) == parameters.MAX_AXES + 1


def test_learning_curves_and_how_far_trials_came():
    ledger = v3_report().sweep.ledger
    axes, reach = draw("learning_curves").axes
    length = ledger.curves.groupby("number")["step"].max()
    heights = {}
    for bar in reach.patches:
        heights.setdefault(round(bar.get_x() + bar.get_width() / 2), []).append(bar.get_height())
    pruned = ledger.trials.loc[ledger.trials["state"] == "PRUNED", "number"]
    for step, (every, cut) in heights.items():
        assert every == (length >= step).sum()
        assert cut == (length[length.index.isin(pruned)] >= step).sum()
    curves = [line for line in axes.get_lines() if len(line.get_xdata()) > 1]
    assert len(curves) == len(length)
    shown = axes.get_legend_handles_labels()[1]
    assert len(shown) == len(set(shown)) and "pruned here" in shown


def test_noise_says_what_is_known_and_what_is_not():
    value = v3_report().sweep.table("noise").set_index("quantity")["value"]
    left, right = draw("noise").axes
    widths = sorted(b.get_width() for b in left.patches)
    known = value[["spread_sd", "replicate_sd", "binomial_se"]].dropna()
    assert widths == pytest.approx(sorted(known))
    assert left.get_title(loc="left") == f"Noise is {value['noise_share']:.0%} of the variance"
    assert labelled(right, "as recorded").get_xdata()[0] == value["best_value"]
    expected = labelled(right, "expected, 95% interval")
    (low, high), _ = expected[2][0].get_segments()[0].T
    half = trials.Z95 * value["best_standard_error"]
    assert (low, high) == pytest.approx(
        (value["best_corrected"] - half, value["best_corrected"] + half)
    )
    assert "The noise is unknown" in words(draw("noise", "v2"))


def test_the_comparison_shows_all_points_and_the_intervals():
    report = v3_report()
    table = compare(report.parent.ledger, report.sweep.ledger)
    before, after = report.parent.points, report.sweep.points
    left, right = outcome.comparison_figure(table, before, after, ("v2", "v3")).axes
    shown = np.concatenate([c.get_offsets()[:, 1] for c in left.collections
                            if hasattr(c, "get_sizes") and len(c.get_sizes())])  # fmt: skip
    assert sorted(shown) == pytest.approx(sorted([*before["value"], *after["value"]]))
    rows = table.set_index("quantity").loc[row_names(right)]
    segments = labelled(right, "95% interval").get_segments()
    ends = [tuple(segment[:, 0]) for segment in segments]
    assert ends == [tuple(pair) for pair in rows[["low", "high"]].to_numpy()]
    np.testing.assert_array_equal(labelled(right, "difference").get_xdata(), rows["difference"])


def test_champions_by_category_and_their_confusion():
    found = v3_report().champions
    left, right = draw("champions").axes
    np.testing.assert_array_equal(
        labelled(left, "trained again").get_xdata(), found.champions["accuracy"]
    )
    own = found.per_category
    assert [b.get_width() for b in right.patches] == pytest.approx(list(own["accuracy"]))
    axes = draw("confusion").axes[0]
    counts = {text.get_text() for text in axes.texts}
    assert counts == {str(c) for c in found.confusion["count"] if c}
    assert [t.get_text() for t in axes.get_xticklabels()] == list(CATEGORIES)
    np.testing.assert_allclose(axes.images[0].get_array().sum(axis=1), 1.0)


def test_wilson_intervals_are_those_of_the_textbook():
    low, high = outcome.wilson(np.array([0, 5, 10]), np.array([10, 10, 10]))
    np.testing.assert_allclose(low, [0.0, 0.2366, 0.7225], atol=1e-4)
    np.testing.assert_allclose(high, [0.2775, 0.7634, 1.0], atol=1e-4)


def test_nothing_to_draw_is_said():
    space = studies.space()
    ledger = studies.ledger(space, [np.nan] * 3, state=["FAIL"] * 3)
    report = Report(Sweep("v1", ledger, tables(ledger)))
    for entry in catalogue.FIGURES:
        figure = entry.draw(report)
        assert words(figure).strip() and dict(entry.files(report))
    nothing = pd.DataFrame()
    assert "No champion" in words(outcome.champions_figure(nothing, nothing, "v1"))
    assert "not by categories" in words(outcome.confusion_figure(nothing, "v1"))
    assert "nothing to compare" in words(
        outcome.comparison_figure(nothing, nothing, points(ledger), ("a", "b"))
    )


def test_without_a_child_there_is_one_range():
    report = replace(v2_report(), refined=None)
    text = words(ENTRIES["bounds"].draw(report))
    assert "range before" not in text and "5e-05 to 0.01 (log)" in text


def test_the_list_of_figures_is_that_of_the_catalogue():
    shown = list(catalogue.listed(v3_report())["figure"])
    one = [name for name in ENTRIES if name != "front"]  # of several objectives only
    assert shown == [*one, "comparison"]
    first = [e.name for e in catalogue.FIGURES if e.name != "front"]
    assert list(catalogue.listed(v2_report())["figure"]) == first


@pytest.mark.parametrize(
    ("declared", "entries"),
    [
        (files.FIGURES, catalogue.FIGURES),
        (files.CHAMPION_FIGURES, catalogue.CHAMPION_FIGURES),
    ],
)
def test_the_workflow_declares_the_figures_of_the_catalogue(declared, entries):
    assert list(declared) == [entry.name for entry in entries]
    for name in declared:
        assert (studies.ROOT / f"workflow/report/figures/{name}.rst").exists()
