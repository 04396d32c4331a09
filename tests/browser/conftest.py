"""A headless Chromium, and the pages that it looks at: made from the fixture study, no training."""

import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox: containers forbid it, and the pages are our own. The rest keeps it from phoning home.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def chromium():
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium: install it (Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The report of an imported study, that of a trained child, and the live view of a sweep."""
    import reports
    import running_sweeps as sweeps

    from resweep.reporting.live.page import live_page
    from resweep.reporting.live.progress import read_progress
    from resweep.reporting.page.page import page

    folder = tmp_path_factory.mktemp("pages")
    (folder / "v2.html").write_text(page(reports.v2_report()))
    (folder / "v3.html").write_text(page(reports.v3_report()))
    now = sweeps.half_way(folder / "results" / "v3")
    progress = read_progress(folder / "results", "v3", now)
    (folder / "live.html").write_text(live_page(progress, "12:00:00", 60.0))
    return folder


@pytest.fixture
def visit(chromium, pages):
    """Open one of the pages; what the browser complains of or asks the network for fails."""
    contexts, trouble = [], []

    def open_page(name, width=1200, scheme="light", fragment=""):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: trouble.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on("request", lambda request: trouble.append(request.url))
        address = (pages / f"{name}.html").as_uri() + fragment
        page.goto(address)
        trouble[:] = [t for t in trouble if t not in (address, address.partition("#")[0], "data:,")]
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []
