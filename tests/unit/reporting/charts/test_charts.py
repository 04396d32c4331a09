"""Charts show what their tables hold, in one style, with the same bytes at every call."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import studies
from pairs import pair_ledger
from reports import CATEGORIES, tables, v2_report, v3_report

from resweep import words
from resweep.evidence.comparison import compare
from resweep.ledger.points import points
from resweep.reporting.charts import (
    adjusted,
    catalogue,
    evidence,
    front,
    outcome,
    parameters,
    style,
    trials,
)
from resweep.reporting.charts.parameters import describe_form, isolation, shares, strip
from resweep.reporting.charts.render import dark, fluid, inline_svg, spec, svg_bytes
from resweep.reporting.inputs import Report, Sweep
from resweep.workflow import files

ENTRIES = {entry.name: entry for entry in (*catalogue.FIGURES, *catalogue.CHAMPION_FIGURES)}
BATCH, LR = studies.BATCH, studies.LR
UNEVEN = BATCH.replace(weights=(0.1, 0.2, 0.3, 0.4))


@cache
def draw(name, version="v3"):
    report = {"v2": v2_report, "v3": v3_report}[version]()
    return spec(ENTRIES[name].draw(*given(name, report)))


def given(name, report):
    champions = name in {entry.name for entry in catalogue.CHAMPION_FIGURES}
    return (report.champions, report.sweep.name) if champions else (report,)


def panels(chart):
    """The plots that a chart is made of; data that all share stand above them."""
    parts = [one for kind in ("hconcat", "vconcat", "concat") for one in chart.get(kind, [])]
    above = {"data": chart["data"]} if "data" in chart else {}
    return [panel for part in parts for panel in panels(above | part)] if parts else [chart]


def layers(panel):
    above = {"data": panel["data"]} if "data" in panel else {}
    return [above | layer for layer in panel.get("layer", [panel])]


def rows(layer):
    return pd.DataFrame(layer["data"]["values"])


def called(panel, name, mark=None):
    """The data of the layers of a panel that the legend calls by this name."""
    found = []
    for layer in layers(panel):
        colour = layer.get("encoding", {}).get("color", {})
        if mark and layer["mark"]["type"] != mark:
            continue
        if colour.get("datum") == name:
            found.append(rows(layer))
        elif "field" in colour and colour["type"] == "nominal":
            own = rows(layer)
            found.append(own[own[colour["field"]] == name])
    found = [one for one in found if len(one)]
    return found[0] if found else pd.DataFrame()


def texts(chart):
    return json.dumps(chart, ensure_ascii=False)


@pytest.mark.parametrize("name", ENTRIES)
def test_files_are_the_same_at_every_call_and_name_their_tables(name):
    one, two = (dict(ENTRIES[name].files(*given(name, v3_report()))) for _ in range(2))
    assert one == two
    assert list(one) == [f"{name}.svg", f"{name}.png"]
    text = one[f"{name}.svg"].decode()
    root = ET.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text == ENTRIES[name].title
    assert root.find(f"{space}desc").text == ", ".join(ENTRIES[name].sources)
    assert not re.search(r"20\d\d-\d\d-\d\d", text)
    assert float(root.get("width").removesuffix("px")) <= 900
    assert one[f"{name}.png"].startswith(b"\x89PNG")
    assert len(text) < 500_000


def test_another_process_draws_the_same_bytes():
    code = (
        "import sys, pandas as pd; from resweep.reporting.charts import trials, render;"
        "table = pd.read_csv(sys.stdin);"
        "sys.stdout.buffer.write(render.svg_bytes(trials.noise(table), 'a', 'b'))"
    )
    table = v3_report().sweep.table("noise")
    given = table.to_csv(index=False).encode()
    done = [
        subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, check=True)
        for _ in range(2)
    ]
    assert done[0].stdout == done[1].stdout != b""


def test_every_colour_has_a_form_for_dark_pages():
    known = {style.BLACK, style.GREY, style.LIGHT, style.BLUE, style.SKY, style.VERMILLION,
             style.ORANGE, style.GREEN, style.PURPLE}  # fmt: skip
    used = set()
    for name in ENTRIES:
        chart = {key: value for key, value in draw(name).items() if key != "config"}
        used |= set(re.findall(r'"(#[0-9A-Fa-f]{6})"', texts(chart)))
    assert used - {"#111111"} <= known <= set(style.DARK)
    assert dark('{"color": "#000000", "name": "x #000000"}') == (
        '{"color": "#e8ebee", "name": "x #000000"}'
    )
    assert dark(f'["{style.BLUE}", "{style.SKY}"]') == (
        f'["{style.DARK[style.BLUE]}", "{style.DARK[style.SKY]}"]'
    )


def test_a_chart_of_a_page_takes_the_width_of_its_place():
    chart = parameters.isolation(LR, v2_report().sweep.points.assign(params_lr=0.01))
    found = fluid(chart, "what it shows", legend=False)
    assert (found["width"], found["description"]) == ("container", "what it shows")
    assert found["config"] == {"legend": {"disable": True}}
    on_light, on_dark = inline_svg(chart), inline_svg(chart, on_dark=True)
    assert on_light != on_dark and "#e8ebee" in on_dark and "#e8ebee" not in on_light


def test_the_history_holds_every_value_and_the_parents_best():
    report, chart = v3_report(), draw("history")
    table, before = (s.table("best_so_far") for s in (report.sweep, report.parent))
    done = table[table["state"] == "COMPLETE"]
    np.testing.assert_allclose(
        called(chart, "complete")[["number", "value"]], done[["number", "value"]], rtol=1e-5
    )
    np.testing.assert_allclose(called(chart, "best so far")["best"], table["best"], rtol=1e-5)
    shown = called(chart, "best so far of v2")["best"]  # goes on to the last trial of the child
    np.testing.assert_allclose(shown, [*before["best"], before["best"].iloc[-1]], rtol=1e-5)
    for state, label in (("PRUNED", "pruned"), ("FAIL", "failed")):
        numbers = table.loc[table["state"] == state, "number"]
        assert list(called(chart, label)["number"]) == list(numbers)


def test_a_bad_start_of_the_parent_does_not_flatten_the_history():
    table, parent = (s.table("best_so_far") for s in (v3_report().sweep, v3_report().parent))
    parent = parent.assign(best=np.where(parent["number"] < 5, -1000.0, parent["best"]))
    chart = spec(evidence.history(table, parent))
    shown = called(chart, "best so far of parent")["best"]
    assert shown.min() > 0 and len(shown) == (parent["best"] > 0).sum() + 1


def test_adjusted_effects_are_those_of_their_tables():
    sweep, chart = v2_report().sweep, draw("adjusted_effects", "v2")
    effects = sweep.table("adjusted_effects").dropna(subset=["p_holm"])
    effects = effects.sort_values(["p_holm", "p"], kind="stable")
    shown = panels(chart)
    assert len(shown) == adjusted.MAX_PANELS == len(effects) - 1
    assert "Not drawn: 1 more" in chart["title"]["text"]
    for panel, row in zip(shown, effects.itertuples(), strict=False):
        curve = sweep.rows("adjusted_curves", row.parameter)
        title = panel["title"]
        assert title["text"] == row.parameter
        assert words.probability(row.p_holm) in title["subtitle"]
        assert title["color"] == (style.BLACK if row.matters else style.GREY)
        level = called(panel, "adjusted level", "point")
        np.testing.assert_allclose(level["level"], curve["level"], rtol=1e-5)
        assert list(level["surely_worse"]) == list(curve["surely_worse"])
        margin = called(panel, adjusted.MARGIN)["margin"]
        assert list(margin) == [pytest.approx(row.level_margin, rel=1e-5)]


def test_what_is_surely_worse_is_shaded_half_way_to_its_neighbours():
    left, right = adjusted._sides(np.array([0.0, 1.0, 3.0]), studies.WIDTH)
    assert (left.tolist(), right.tolist()) == ([0.0, 0.5, 2.0], [0.5, 2.0, 3.0])
    left, right = adjusted._sides(np.array([1e-4, 1e-2]), LR)
    np.testing.assert_allclose(right, [1e-3, 1e-2])
    left, right = adjusted._sides(np.array([0.0, 1.0]), BATCH)
    assert (left.tolist(), right.tolist()) == ([-0.5, 0.5], [0.5, 1.5])


def test_importances_pass_where_their_table_says_so():
    table = v2_report().sweep.table("importances_fanova").dropna(subset=["importance"])
    panel = panels(draw("importances", "v2"))[0]
    shown = rows(layers(panel)[0])
    np.testing.assert_allclose(shown["importance"], table["importance"], rtol=1e-5)
    np.testing.assert_allclose(shown["threshold"], table["threshold"], rtol=1e-5)
    assert list(shown["kind"] == "passes its threshold") == list(table["important"])
    assert list(shown["label"]) == [f"{r.parameter} ({r.n})" for r in table.itertuples()]


def test_only_what_is_told_from_noise_is_set_apart():
    left, right = panels(draw("directionality", "v2"))
    told = "told from noise (q < 0.10)"
    trends = v2_report().sweep.table("directionality_continuous")
    rho = trends.set_index("parameter").loc["batch_size", "rho"]
    # lr is sure by its cluster, not by its trend
    assert list(called(left, told)["value"]) == [pytest.approx(rho, rel=1e-5)]
    sure = {label.split(":")[0] for label in called(right, told)["label"]}
    assert sure == {"use_scheduler", "demo_agg"}
    assert len(rows(layers(left)[-1])) == trends["rho"].notna().sum()


def test_bounds_show_the_old_and_the_new_range():
    chart = draw("bounds", "v2")
    by_name = {panel["title"]["text"]: panel for panel in panels(chart)}
    assert list(by_name) == sorted(by_name, key=list(by_name).index)
    assert set(by_name) == set(v2_report().sweep.space.names)
    titles = {name: panel["title"]["subtitle"] for name, panel in by_name.items()}
    assert titles["lr"] == "5e-05 to 0.01 (log) → 5e-05 to 0.00035 (log)"
    assert titles["label_smoothing"] == "0 to 0.2 → fixed at 0"
    assert titles["weight_decay"] == "1e-07 to 0.1 (log)"
    spans = rows(layers(by_name["depth"])[0])
    assert spans[["name", "kind", "low", "high"]].to_numpy().tolist() == [
        ["v2", "range before", 2, 6], ["v3", "range after", 3, 10],
    ]  # fmt: skip
    table = v2_report().sweep.table("elite_choices")
    share = table[(table["parameter"] == "batch_size") & (table["choice"].astype(str) == "16")]
    shown = rows(layers(by_name["batch_size"])[0]).set_index(["label", "kind"])["share"]
    label = f"16 ({share['n'].iloc[0]})"
    assert shown[label].to_dict() == pytest.approx(
        {parameters.ALL: share["share"].iloc[0],
         parameters.BEST_QUARTER: share["elite_share"].iloc[0]}, rel=1e-5
    )  # fmt: skip
    assert "dropped" in texts(chart) and "added" in texts(chart)


@pytest.mark.parametrize(
    ("form", "fixed", "said"),
    [
        (LR, None, "1e-05 to 0.1 (log)"),
        (BATCH, None, "8, 16, 32, 64"),
        (UNEVEN, None, "8 (10%), 16 (20%), 32 (30%), 64 (40%)"),
        (None, True, "fixed at true"),
        (None, None, "never active"),
    ],
)
def test_forms_for_people(form, fixed, said):
    assert describe_form(form, fixed) == said


@pytest.mark.parametrize(
    ("after", "fixed", "said"),
    [
        (BATCH, None, ["", "", "", ""]),
        (BATCH.replace(choices=(16, 32, 64), limits=None), None, ["dropped", "", "", ""]),
        (BATCH.replace(choices=(8, 16, 32, 64, 128), limits=None), None, [""] * 4 + ["added"]),
        (UNEVEN, None, ["weight 0.1", "weight 0.2", "weight 0.3", "weight 0.4"]),
        (None, 64, ["dropped", "dropped", "dropped", "fixed"]),
        (None, None, ["never active"] * 4),
    ],
)
def test_what_became_of_each_choice(after, fixed, said):
    sweep = v2_report().sweep
    choices = sweep.rows("elite_choices", "batch_size")
    chart = spec(shares(BATCH, choices, [("v2", BATCH, None), ("v3", after, fixed)]))
    shown = rows(layers(chart)[1])
    shown = shown[shown["kind"] == parameters.ALL]
    assert list(shown["fate"]) == said


def test_every_point_is_drawn_once():
    rng = np.random.default_rng(5)
    space = studies.space(LR, BATCH)
    found = points(studies.ledger(space, rng.random(24), **studies.assignments(space, 24, rng)))
    elites = int(found["elite"].sum())
    for parameter in (LR, BATCH):
        chart = spec(isolation(parameter, found))
        assert len(called(chart, "points")) == len(found) - elites
        assert len(called(chart, parameters.ELITES)) == elites
        assert ("mean" in texts(chart)) == (parameter is BATCH)
    chart = spec(strip(LR, found, [("v2", LR, None)]))
    assert len(called(chart, parameters.ELITES, "point")) == elites


def test_a_fixed_number_is_a_mark_on_the_scale_of_its_range():
    wide = studies.WIDTH.replace(low=0.2, high=0.4)
    chart = spec(strip(wide, _points(wide), [("v2", wide, None), ("v3", None, 0.25)]))
    pins = rows(layers(chart)[1])
    assert pins[["name", "low", "high"]].to_numpy().tolist() == [["v3", 0.25, 0.25]]
    assert pins["about"].tolist() == ["v3: fixed at 0.25"]


def _points(parameter):
    space = studies.space(parameter)
    rng = np.random.default_rng(1)
    return points(studies.ledger(space, rng.random(12), **studies.assignments(space, 12, rng)))


def test_contours_are_white_where_no_point_lies():
    sweep = v2_report().sweep
    table = sweep.table("contours")
    panel = panels(draw("contours", "v2"))[0]
    cells, marks = (rows(layer) for layer in layers(panel))
    first = table[table["pair"] == 1]
    assert len(cells) == (first["support"] >= evidence.WELL_SUPPORTED).sum() < len(first)
    assert len(marks) == first["n"].iloc[0]
    assert (cells["x2"] > cells["x"]).all() and (cells["y2"] > cells["y"]).all()


def test_cells_meet_and_cover_the_grid():
    grid = pd.Series([1e-4, 1e-3, 1e-2])
    left, right = evidence._borders(LR.replace(low=1e-4, high=1e-2), grid)
    np.testing.assert_allclose(left, [1e-4, 10**-3.5, 10**-2.5])
    assert right[-1] == pytest.approx(1e-2)
    np.testing.assert_allclose(np.log10(right[:-1]) - np.log10(left[1:]), [0.03, 0.06])


def test_parallel_coordinates_end_at_the_value():
    sweep, chart = v3_report().sweep, draw("parallel_coordinates")
    lines, value = rows(layers(chart)[0]), sweep.points["value"]
    scaled = (value - value.min()) / (value.max() - value.min())
    np.testing.assert_allclose(sorted(lines["value"]), sorted(scaled), atol=1e-5)
    best = sweep.points.loc[sweep.points["score"].idxmax()]
    shown = lines[lines["_kind"] == f"best (trial {best['number']})"]
    assert shown["value"].tolist() == [1.0]
    fold = layers(chart)[0]["transform"][0]["fold"]
    assert len(fold) == parameters.MAX_AXES + 1 and fold[-1] == "value"


@pytest.mark.parametrize(
    "name", ["value", "rank", "kind", "trial", "optim.lr", "a[0]", "it's", 'a"b', "a\\b"]
)
def test_parallel_coordinates_take_any_name(name):
    odd = studies.WIDTH.replace(name=name)
    space = studies.space(odd, LR)
    found = _points(studies.WIDTH).rename(columns={"params_width": f"params_{name}"})
    found = found.assign(params_lr=0.01)
    chart = parameters.parallel(space, found)
    heights = (found[f"params_{name}"] - odd.low) / (odd.high - odd.low)
    lines = rows(layers(spec(chart))[0])
    np.testing.assert_allclose(sorted(lines[name]), sorted(heights), atol=1e-5)
    paths = re.findall(r'line mark container"><path d="([^"]+)"', inline_svg(chart))
    assert len(paths) == len(found) and not any("NaN" in path for path in paths)
    first = {round(float(re.split("[,L]", path)[1])) for path in paths}
    assert len(first) > 6  # the lines begin at their own heights


def test_of_many_choices_some_are_named():
    many = studies.POOL.replace(choices=tuple(f"choice_{i}" for i in range(30)))
    assert style.axis_of(many)["axis"].to_dict()["labelOverlap"] is True
    assert style.axis_of(studies.POOL)["axis"].to_dict()["labelOverlap"] is False
    chart = spec(parameters.parallel(studies.space(many), _points(many)))
    named = rows(layers(chart)[1])
    assert 5 < (named["_axis"] == many.name).sum() <= parameters.MAX_TEXTS


def test_numbers_close_to_each_other_stay_apart():
    table = pd.DataFrame({"x": [1000.001, 1000.0015, 1000.002], "y": [0.12345678, 0.2, 0.9]})
    found = pd.DataFrame(style.rows(table).to_dict()["values"])
    np.testing.assert_allclose(found["x"], table["x"], rtol=0, atol=1e-8)
    assert found["y"].tolist() == [0.123457, 0.2, 0.9]
    one = style.rows([{"at": 1000.001}, {"at": None}]).to_dict()["values"]
    assert one == [{"at": 1000.001}, {"at": None}]


def test_the_legend_names_no_interval_where_there_is_none():
    report = v3_report().sweep
    trends, tests = report.table("directionality_continuous"), report.table("significance")
    assert "95% interval" in texts(spec(evidence.trend_marks(trends, tests)))
    bare = trends.assign(rho_low=np.nan, rho_high=np.nan)
    assert "95% interval" not in texts(spec(evidence.trend_marks(bare, tests)))


def test_crowds_are_thinned():
    ledger = studies.noise(400, space_=studies.space(LR, BATCH))
    lines = rows(layers(spec(parameters.parallel(ledger.space, points(ledger))))[0])
    counts = lines["_kind"].value_counts()
    assert counts[parameters.ELITES] == parameters.MAX_BEST
    assert counts["points"] <= parameters.MAX_LINES and len(counts) == 3


def test_learning_curves_and_how_far_trials_came():
    ledger = v3_report().sweep.ledger
    lines, reach = panels(draw("learning_curves"))
    length = ledger.curves.groupby("number")["step"].max()
    bars = rows(layers(reach)[0]).pivot(index="step", columns="kind", values="trials")
    pruned = ledger.trials.loc[ledger.trials["state"] == "PRUNED", "number"]
    for step, row in bars.iterrows():
        assert row.sum() == (length >= step).sum()
        cut = (length[length.index.isin(pruned)] >= step).sum()
        assert row["pruned at this step or later"] == cut
    shown = pd.concat([called(lines, kind, "line") for kind in ("curve", "curve of an elite")])
    assert set(shown["number"]) == set(ledger.curves["number"])
    assert set(called(lines, "pruned here")["number"]) == set(pruned)


def test_a_curve_of_one_step_is_seen_beside_longer_ones():
    ledger = v3_report().sweep.ledger
    first = ledger.curves["number"].iloc[0]
    curves = ledger.curves[(ledger.curves["number"] != first) | (ledger.curves["step"] == 0)]
    chart = spec(trials.curve_lines(curves, ledger.trials, v3_report().sweep.points))
    dots = [layer for layer in layers(chart) if layer["mark"].get("size") == 14]
    seen = [rows(layer) for layer in dots if layer["mark"]["opacity"] == 1]
    assert [table["number"].tolist() for table in seen] == [[first]]


def test_noise_says_what_is_known_and_what_is_not():
    value = v3_report().sweep.table("noise").set_index("quantity")["value"]
    left, right = panels(draw("noise"))
    widths = sorted(rows(layers(left)[0])["sd"])
    known = value[["spread_sd", "replicate_sd", "binomial_se"]].dropna()
    assert widths == pytest.approx(sorted(known), rel=1e-5)
    counts = v3_report().sweep.table("noise").set_index("quantity")["n"]
    assert f"other examples ({counts['binomial_se']})" in set(rows(layers(left)[0])["label"])
    assert left["title"] == f"Noise is {value['noise_share']:.0%} of the variance"
    marks = rows(layers(right)[1]).set_index("kind")
    assert marks.loc["as recorded", "value"] == pytest.approx(value["best_value"], rel=1e-5)
    half = 1.959963984540054 * value["best_standard_error"]
    expected = marks.loc["expected, 95% interval"]
    assert (expected["low"], expected["high"]) == pytest.approx(
        (value["best_corrected"] - half, value["best_corrected"] + half), rel=1e-5
    )
    assert "The noise is unknown" in texts(draw("noise", "v2"))


def test_the_comparison_shows_all_points_and_the_intervals():
    report = v3_report()
    table = compare(report.parent.ledger, report.sweep.ledger)
    before, after = report.parent.points, report.sweep.points
    left, right = panels(spec(outcome.comparison(table, before, after, ("v2", "v3"))))
    shown = rows(layers(left)[0])["value"]
    assert sorted(shown) == pytest.approx(sorted([*before["value"], *after["value"]]), rel=1e-5)
    marks = rows(layers(right)[-1]).set_index("quantity")
    expected = table.set_index("quantity").loc[list(outcome.TESTED)]
    names = ["difference", "low", "high"]
    np.testing.assert_allclose(marks[names], expected[names], rtol=1e-5)


def test_champions_by_category_and_their_confusion():
    found = v3_report().champions
    left, right = panels(draw("champions"))
    shown = called(left, "trained again")["accuracy"]
    np.testing.assert_allclose(shown, found.champions["accuracy"], rtol=1e-5)
    bars = rows(layers(right)[0])
    assert list(bars["share"]) == pytest.approx(list(found.per_category["accuracy"]))
    # Wilson's interval of 15 of 75.
    assert bars.iloc[-1][["low", "high"]].tolist() == pytest.approx([0.1252, 0.3041], abs=1e-4)
    cells = rows(layers(draw("confusion"))[0])
    assert set(cells["count"]) == set(found.confusion["count"])
    assert list(dict.fromkeys(cells["category"])) == list(CATEGORIES)
    np.testing.assert_allclose(cells.groupby("category")["share"].sum(), 1.0, rtol=1e-5)


def test_wilson_intervals_are_those_of_the_textbook():
    low, high = outcome.wilson(np.array([0, 5, 10]), np.array([10, 10, 10]))
    np.testing.assert_allclose(low, [0.0, 0.2366, 0.7225], atol=1e-4)
    np.testing.assert_allclose(high, [0.2775, 0.7634, 1.0], atol=1e-4)


def test_the_front_shows_every_trial_and_the_front():
    trials = [(0.1 * i, 0.2 * (i % 4)) for i in range(40)]
    chart = spec(front.fronts(pair_ledger(trials), pair_ledger([(1.0, 0.5), (2.0, 0.5)])))
    (panel,) = panels(chart)
    assert len(called(panel, "trials", "point")) == 40
    names = [layer["encoding"]["color"]["datum"] for layer in layers(panel)]
    assert names == ["front of the parent", "trials", "front", "front"]
    assert layers(panel)[0]["encoding"]["x"]["title"] == "accuracy (maximize)"


@pytest.mark.parametrize(("scale", "said"), [(1e9, "2e8"), (1e-9, "2e-10")])
def test_large_and_small_values_have_short_labels(scale, said):
    found = _points(studies.WIDTH)
    chart = isolation(studies.WIDTH, found.assign(value=found["value"] * scale))
    labels = re.findall(r">([^<]+)</text>", svg_bytes(chart).decode())
    assert said in labels and not any(re.search(",000|0000", label) for label in labels)


def test_nothing_to_draw_is_said():
    space = studies.space()
    ledger = studies.ledger(space, [np.nan] * 3, state=["FAIL"] * 3)
    report = Report(Sweep("v1", ledger, tables(ledger)))
    for entry in catalogue.FIGURES:
        assert dict(entry.files(report))
    nothing = pd.DataFrame()
    assert "No champion" in texts(spec(outcome.champions(nothing, nothing, "v1")))
    assert "not by categories" in texts(spec(outcome.confusion(nothing, "v1")))
    compared = outcome.comparison(nothing, nothing, points(ledger), ("a", "b"))
    assert "nothing to compare" in texts(spec(compared))


def test_without_a_child_there_is_one_range():
    report = replace(v2_report(), refined=None)
    text = texts(spec(ENTRIES["bounds"].draw(report)))
    assert "→" not in text and "5e-05 to 0.01 (log)" in text


def test_foreign_names_are_text():
    odd = studies.POOL.replace(name="<i>&", choices=("</script>", '"', "\u2028"))
    found = _points(odd)
    text = svg_bytes(isolation(odd, found), "<title>", "a & b").decode()
    assert ET.fromstring(text).find("{http://www.w3.org/2000/svg}title").text == "<title>"
    assert "&lt;/script&gt;" in text


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
