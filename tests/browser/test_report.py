"""The report and the live view as a person meets them, in a real browser."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import reports

from resweep.reporting.page.headline import honest_interval

pytestmark = pytest.mark.browser
CONTRAST = Path(__file__).with_name("contrast.js").read_text()
PAGES = ("v2", "v3", "live")
DRAWN = "html[data-charts=drawn]"  # when all charts are
# The texts of legends and titles of axes that do not lie within their charts.
CUT = """(all) => all.flatMap((svg) => {
  const { left, right } = svg.getBoundingClientRect();
  const texts = svg.querySelectorAll("g.role-legend text, g.role-axis-title text");
  return [...texts].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.left < left - 1 || box.right > right + 1;
  }).map((one) => one.textContent);
})"""
OPEN = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"


def rows_of(page, caption):
    """Return the rows of the table with this caption: cells as exact numbers, or as text."""
    cells = page.evaluate(
        """(caption) => {
          const own = (t) => t.caption && t.caption.textContent.startsWith(caption);
          const table = [...document.querySelectorAll("table")].find(own);
          const cell = (c) => {
            const numbers = [...c.querySelectorAll("data")].map((d) => d.value);
            return numbers.length ? numbers : c.textContent;
          };
          return [...table.tBodies[0].rows].map((row) => [...row.cells].map(cell));
        }""",
        caption,
    )
    return [[[float(n) for n in c] if isinstance(c, list) else c for c in row] for row in cells]


def known(*values):
    """Return numbers as a cell holds them; a dash where none is known."""
    return "–" if any(pd.isna(v) for v in values) else [float(v) for v in values]


@pytest.mark.parametrize("name", PAGES)
def test_it_opens_without_complaint_and_without_the_network(visit, name):
    page = visit(name)  # the fixture fails on console messages and requests
    assert page.evaluate("document.fonts.status") == "loaded"
    page.evaluate(OPEN)
    sections = page.locator("main section")
    assert sections.count() == {"v2": 15, "v3": 16, "live": 4}[name]
    for section in sections.all():
        assert section.locator("h2").is_visible()
        assert section.bounding_box()["height"] > 60


def test_the_contents_lead_to_every_section(visit):
    page = visit("v3")
    links = page.locator("#contents a").all()
    assert len(links) == page.locator("main section").count()
    for link in links:
        link.click()
        target = link.get_attribute("href")
        assert page.evaluate("location.hash") == target
        assert page.locator(f"{target} h2").inner_text() == link.inner_text()


def test_a_decision_opens_by_mouse(visit):
    page = visit("v2")
    decision = page.locator("details.decision").nth(1)
    evidence = decision.locator(".evidence")
    assert not evidence.is_visible()
    decision.locator("summary").first.click()
    assert evidence.is_visible()
    decision.locator(".chart svg").first.wait_for()
    assert decision.locator(".chart svg").first.bounding_box()["height"] > 100
    assert "Why:" in evidence.inner_text() and "Rule: cluster." in evidence.inner_text()
    decision.locator("summary").first.click()
    assert not evidence.is_visible()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_decision_opens_by_keyboard(visit, key):
    page = visit("v2")
    page.locator("#only-changes").focus()
    page.keyboard.press("Tab")
    summary = page.locator("details.decision summary").first
    assert summary.evaluate("(one) => one === document.activeElement")
    outline = summary.evaluate("(one) => getComputedStyle(one).outlineStyle")
    assert outline == "solid"
    page.keyboard.press(key)
    assert page.locator("details.decision .evidence").first.is_visible()
    page.keyboard.press(key)
    assert not page.locator("details.decision .evidence").first.is_visible()


def test_the_first_tab_offers_to_skip_to_the_content(visit):
    page = visit("v2")
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    assert skip.evaluate("(one) => one === document.activeElement")
    assert skip.bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"


def test_all_evidence_opens_and_closes(visit):
    page = visit("v2")
    count = page.locator("details.decision").count()
    page.get_by_role("button", name="Open all").click()
    assert page.locator("details.decision[open]").count() == count == 19
    page.get_by_role("button", name="Close all").click()
    assert page.locator("details.decision[open]").count() == 0


def test_only_what_changes_can_be_shown(visit):
    page = visit("v2")
    changes = (reports.v2_report().refined.decisions["action"] != "keep").sum()
    page.get_by_label("only what changes").check()
    assert page.locator("details.decision:visible").count() == changes
    page.get_by_role("button", name="Open all").click()
    assert page.locator("details.decision[open]").count() == changes
    page.get_by_label("only what changes").uncheck()
    assert page.locator("details.decision:visible").count() == 19


def test_a_link_to_a_decision_opens_it(visit):
    page = visit("v2", fragment="#decision-3")
    assert page.locator("#decision-3").evaluate("(one) => one.open")


def test_paper_shows_what_a_click_would(visit):
    page = visit("v2")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main details:not([open])").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_text_has_contrast(visit, name, scheme):
    page = visit(name, scheme=scheme)
    page.evaluate(OPEN)
    result = page.evaluate(CONTRAST)
    assert result["found"] == []
    assert result["count"] > 50  # the walk did see the page


def test_the_contrast_test_sees_faint_text(visit):
    page = visit("v2")
    page.evaluate("document.querySelector('h1').style.color = 'rgb(0 0 0 / 40%)'")
    assert any("Sweep" in text for text in page.evaluate(CONTRAST)["found"])


@pytest.mark.parametrize("width", [360, 800, 1600])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window(visit, name, width):
    page = visit(name, width=width)
    if name != "live":
        page.locator(DRAWN).wait_for(state="attached")
    for opened in (False, True):
        if opened:
            page.evaluate(OPEN)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        pictures = page.locator("svg.marks:visible")
        narrow = pictures.evaluate_all(
            "(all) => all.filter((one) => one.clientWidth < 80).map((one) => one.outerHTML)"
        )
        assert narrow == [] and pictures.count() > 0


@pytest.mark.parametrize("width", [360, 1600])
def test_every_chart_is_drawn_and_its_labels_do_not_overlap(visit, width):
    page = visit("v3", width=width)
    page.locator(DRAWN).wait_for(state="attached")
    charts = page.locator(".chart")
    assert charts.locator("svg.marks").count() == charts.count() > 90
    clashes = page.evaluate(
        """() => [...document.querySelectorAll("svg.marks g.role-axis-label")].flatMap((axis) => {
          const shown = [...axis.querySelectorAll("text")].filter(
            (one) => one.getAttribute("opacity") !== "0" && !/rotate/.test(one.outerHTML));
          const boxes = shown.map((one) => one.getBoundingClientRect()).filter((b) => b.width);
          const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
            && a.top < b.bottom - 2 && b.top < a.bottom - 2;
          return boxes.some((a, i) => boxes.some((b, j) => i < j && meet(a, b)))
            ? [axis.closest(".chart").getAttribute("aria-label")] : [];
        })"""
    )
    assert clashes == []


@pytest.mark.parametrize("name", ["v2", "v3"])
@pytest.mark.parametrize("width", [360, 1200])
def test_legends_and_titles_lie_within_their_charts(visit, name, width):
    page = visit(name, width=width)
    page.locator(DRAWN).wait_for(state="attached")
    assert page.locator("svg.marks:visible").evaluate_all(CUT) == []


def test_the_legend_of_a_chart_that_became_narrow_is_laid_out_anew(visit):
    page = visit("v3")
    page.locator(DRAWN).wait_for(state="attached")
    page.set_viewport_size({"width": 360, "height": 900})
    page.wait_for_timeout(2000)
    assert page.locator("#importances svg.marks").evaluate_all(CUT) == []


def test_charts_turn_dark_with_the_page(visit):
    page = visit("v2")
    marks = page.locator("#history svg.marks")
    marks.wait_for()
    assert "#000" not in page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = marks.inner_html()
    page.emulate_media(color_scheme="dark")
    page.locator('#history svg.marks path[stroke="#56B4E9"]').first.wait_for()
    assert "#0072B2" in light and "#0072B2" not in marks.inner_html()


def test_a_chart_in_what_opens_takes_its_own_room(visit):
    page = visit("v2")
    page.locator(DRAWN).wait_for(state="attached")  # in idle time, at a guessed width
    decision = page.locator("details.decision").nth(1)
    decision.locator("summary").first.click()
    chart = decision.locator(".chart").first
    page.locator("details.decision[open] .chart[data-room=own]").first.wait_for()
    room, drawn = chart.bounding_box(), chart.locator("svg.marks").bounding_box()
    assert drawn["width"] == pytest.approx(room["width"], abs=2)


def test_the_headline_equals_the_tables(visit):
    report = reports.v3_report()
    page = visit("v3")
    shown = page.locator("#headline .verdict data").evaluate_all("(all) => all.map((d) => d.value)")
    assert [float(v) for v in shown] == list(honest_interval(report.sweep))
    facts = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".facts div")].map(
             (one) => [one.querySelector("dt").textContent, one.querySelector("data").value]))"""
    )
    fact = report.sweep.fact
    assert {name: float(value) for name, value in facts.items()} == {
        "trials": fact("overview", "trials"),
        "complete": fact("overview", "trials_complete"),
        "pruned": fact("overview", "trials_pruned"),
        "failed": fact("overview", "trials_fail"),
        "distinct points": fact("overview", "points"),
        "mean value": fact("overview", "mean_value"),
        "spread (sd)": fact("overview", "sd_value"),
        "noise (sd)": fact("noise", "noise_sd"),
        "noise in the spread": fact("noise", "noise_share"),
        "median trial": fact("overview", "median_duration"),
        "all trials": fact("overview", "total_duration"),
    }


def test_the_decisions_equal_their_table(visit):
    decisions = reports.v2_report().refined.decisions
    shown = visit("v2").evaluate(
        """() => [...document.querySelectorAll("details.decision > summary")].map((one) => [
             one.querySelector(".d-name").textContent,
             one.querySelector(".d-action").textContent,
             one.querySelector(".d-q data")?.value ?? null])"""
    )
    assert [row[:2] for row in shown] == decisions[["parameter", "action"]].to_numpy().tolist()
    q = [None if row[2] is None else float(row[2]) for row in shown]
    assert q == [None if pd.isna(value) else value for value in decisions["q"]]


def test_the_evidence_equals_its_tables(visit):
    sweep, page = reports.v3_report().sweep, visit("v3")
    for key, caption in (("fanova", "fANOVA"), ("ped_anova", "PED-ANOVA")):
        found = sweep.table(f"importances_{key}").dropna(subset=["importance"])
        assert [row[:5] for row in rows_of(page, caption)] == [
            [r.parameter, known(r.n), known(r.importance),
             known(r.importance_low, r.importance_high), known(r.threshold)]
            for r in found.itertuples()
        ]  # fmt: skip
    trends = sweep.table("directionality_continuous").dropna(subset=["rho"])
    assert rows_of(page, "Trends of numbers") == [
        [r.parameter, known(r.n), known(r.rho), known(r.rho_low, r.rho_high), known(r.p),
         known(r.q)]
        for r in trends.itertuples()
    ]  # fmt: skip
    noise = sweep.table("noise")
    assert [row[1] for row in rows_of(page, "Noise")] == [known(v) for v in noise["value"]]
    power = sweep.table("power")
    assert [row[:4] for row in rows_of(page, "What these points")] == [
        [r.parameter, known(r.n), known(r.effect), known(r.detectable)] for r in power.itertuples()
    ]


def test_the_adjusted_effects_equal_their_table(visit):
    page = visit("v2")
    effects = reports.v2_report().sweep.table("adjusted_effects")
    effects = effects.sort_values(["p_holm", "p"], kind="stable", na_position="last")
    shown = rows_of(page, "Adjusted effects")
    assert [[row[0], row[4], row[5], row[6], row[8]] for row in shown] == [
        [r.parameter, known(r.gap), known(r.gap_low, r.gap_high), known(r.margin), known(r.p_holm)]
        for r in effects.itertuples()
    ]
    known_ = effects.dropna(subset=["p_holm"])
    cards = page.locator("#effects article")
    assert cards.locator("h3 code").all_inner_texts() == list(known_["parameter"])
    chips = cards.locator("h3 .chip").all_inner_texts()
    assert chips == ["matters" if m else "may be chance" for m in known_["matters"]]


def test_the_raw_values_are_a_click_away(visit):
    page = visit("v2")
    card = page.locator("#effects article").first
    assert not card.get_by_text("Tested alone:").is_visible()
    card.get_by_text("Raw: nothing held equal").click()
    assert card.get_by_text("Tested alone:").is_visible()
    raw = card.locator("details .chart svg").first
    raw.wait_for()
    assert raw.bounding_box()["height"] > 100


def test_a_rule_on_raw_figures_opens_with_them(visit):
    page = visit("v2")
    page.get_by_role("button", name="Open all").click()
    for rule, opened in (("cluster", True), ("at the bound", False)):
        one = page.locator("details.decision", has_text=f"Rule: {rule}.").first
        assert one.locator(".evidence details").evaluate("(raw) => raw.open") is opened


def test_the_champions_equal_their_tables(visit):
    champions, page = reports.v3_report().champions, visit("v3")
    assert [row[2:6] for row in rows_of(page, "Champions")] == [
        [known(r.sweep_value), known(r.accuracy), known(r.accuracy_low, r.accuracy_high),
         known(r.macro_f1)]
        for r in champions.champions.itertuples()
    ]  # fmt: skip
    confusion = champions.confusion.pivot(index="category", columns="predicted", values="count")
    names = list(reports.CATEGORIES)
    expected = confusion.loc[names, names].to_numpy()
    assert np.array(rows_of(page, "Confusion"), dtype=object)[:, 1:].tolist() == [
        [[float(n)] for n in row] for row in expected
    ]


def test_the_live_page_loads_itself_anew_without_a_script(visit):
    page = visit("live")
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "60"
    assert page.locator("script").count() == 0
    progress = page.locator("progress")
    assert (progress.get_attribute("value"), progress.get_attribute("max")) == ("5", "12")


def column(page, caption, place):
    return [row[place] for row in rows_of(page, caption)]


def test_tables_are_sorted_by_a_click_or_a_key(visit):
    page = visit("v2")
    page.evaluate(OPEN)
    table = page.locator("table", has_text="Adjusted effects").first
    before = column(page, "Adjusted effects", 0)
    head = table.get_by_role("button", name="apart by")
    head.click()
    assert head.locator("..").get_attribute("aria-sort") == "ascending"
    gaps = [g[0] for g in column(page, "Adjusted effects", 4) if g != "–"]
    assert gaps == sorted(gaps) and len(gaps) == 13
    assert column(page, "Adjusted effects", 4)[-1] == "–"
    head.focus()
    page.keyboard.press("Enter")
    assert head.locator("..").get_attribute("aria-sort") == "descending"
    assert [g[0] for g in column(page, "Adjusted effects", 4) if g != "–"] == gaps[::-1]
    page.keyboard.press("Space")
    assert column(page, "Adjusted effects", 0) == before


def points_of(page, section):
    """The marks of a chart that say what they are: text and middle."""
    page.locator(f"#{section} svg.marks").first.wait_for()
    return page.evaluate(
        """(section) => [...document.querySelectorAll(
             `#${section} g.mark-symbol [aria-label]`)].map((one) => {
          const box = one.getBoundingClientRect();
          return [one.getAttribute("aria-label"), box.x + box.width / 2, box.y + box.height / 2];
        })""",
        section,
    )


def test_a_value_is_shown_where_the_pointer_is(visit):
    page = visit("v2")
    page.locator("#history .chart").scroll_into_view_if_needed()
    second = reports.v2_report().sweep.points.iloc[1]  # the line of the best hides the first
    text, x, y = points_of(page, "history")[1]
    assert text == f"trial {second['number']}: {second['value']:.4g}"
    page.mouse.move(x, y)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    assert tip.inner_text() == text
    page.mouse.move(1, 1)
    tip.wait_for(state="hidden")


def test_values_are_read_with_the_arrow_keys(visit):
    page = visit("v2")
    points_of(page, "history")
    page.locator("#history .chart").focus()
    tip, seen = page.locator(".tip"), []
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        seen.append(tip.inner_text())
    assert [text.split(":")[0] for text in seen] == [f"trial {i}" for i in range(4)]
    page.keyboard.press("ArrowLeft")
    assert tip.inner_text() == seen[2]
    page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_a_stretch_of_the_history_is_chosen_by_keyboard(visit):
    page = visit("v3")
    section = page.locator("#history")
    whole = points_of(page, "history")
    labels = section.locator("g.role-axis-label").first
    before = labels.text_content()
    slider = section.get_by_label("from trial")
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert slider.input_value() == "20"
    shown = [int(text.split()[1].rstrip(":")) for text, _, _ in points_of(page, "history")]
    assert min(shown) == 20 and len(shown) < len(whole)
    assert labels.text_content() != before
    page.keyboard.press("Home")
    assert len(points_of(page, "history")) == len(whole)


def kept(page):
    """How many lines of the parallel coordinates stand out."""
    return page.evaluate(
        """() => [...document.querySelectorAll("#parallel g.mark-line path")].filter(
             (one) => one.getAttribute("d") && one.getAttribute("stroke-opacity") !== "0.05"
           ).length"""
    )


def test_lines_are_brushed(visit):
    page = visit("v2")
    section = page.locator("#parallel")
    section.locator("svg.marks").wait_for()
    section.locator(".chart").scroll_into_view_if_needed()
    points = reports.v2_report().sweep.points
    assert kept(page) == 20
    box = section.locator("svg.marks g.role-axis-grid line").first.bounding_box()
    x, top = box["x"] + box["width"] / 2, box["y"]
    page.mouse.move(x, top + 1)
    page.mouse.down()
    page.mouse.move(x, top + box["height"] / 2)
    page.mouse.up()
    passing = int((points["params_encoder_type"] == "context").sum())  # the upper of two choices
    assert section.get_by_text(f"{passing} of 20 lines pass.").is_visible()
    assert kept(page) == passing
    page.mouse.click(x, top + 20)
    assert kept(page) == 20


def test_an_axis_is_brushed_with_the_keyboard(visit):
    page = visit("v2")
    section = page.locator("#parallel")
    section.locator("svg.marks").wait_for()
    button = section.locator("button[data-axis=value]")
    button.focus()
    left = []
    for _ in range(3):
        page.keyboard.press("Enter")
        left.append(kept(page))
    assert 0 < left[0] < 20 and 0 < left[1] < 20 and left[2] == 20
    assert left[0] + left[1] == 20
