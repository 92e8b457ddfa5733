"""The page needs nothing but itself, is read by anyone, and holds nobody."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from tasks.reporting.compose import compose
from tasks.reporting.page import render
from tasks.reporting.period import Period
from tasks.reporting.picture import draw, light_theme
from tasks.reporting.records import Material, Report
from tests.browser import Browser, browsing, find_browser
from tests.tasks.reporting.desk import AT, PERIOD, UNTIL, coverage, flow, material, spiked

EVIL = '</script><img src=x onerror=alert(1)> & "Sons"'
WIDTHS = (360, 800, 1280)
LARGEST_BYTES = 1_300_000
SOONEST_SECONDS = 3.0


def made(rows: Material, period: Period = PERIOD, name: str = "Acme Outdoor") -> Report:
    return compose(rows, period, organization=name, timezone="Europe/Berlin", at=AT)


@pytest.fixture(scope="module")
def report() -> Report:
    """A week with a wave of tickets, a change of model, and a group whose name is markup."""
    rows = material(
        flow=[
            replace(row, group_name=EVIL) if row.group_name == "Orders" else row
            for row in spiked(flow(), "Billing", 3, 4)
        ],
        coverage=coverage(takeover=UNTIL - timedelta(days=2)),
    )
    return made(rows, name=EVIL)


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return render(report)


@pytest.fixture(scope="module")
def file(page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "week.html"
    path.write_text(page, encoding="utf-8")
    return path


class Elements(HTMLParser):
    """Every element with its attributes, and how deep headings go."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [told for tag, told in self.found if tag in tags]


def test_nothing_is_fetched_from_anywhere(page: str) -> None:
    """No address in an attribute but places in the page, none in its style; a policy forbids it."""
    elements = Elements(page)
    links = [
        told[name]
        for _, told in elements.found
        for name in ("src", "href", "action", "data", "poster", "srcset", "xlink:href")
        if told.get(name)
    ]
    assert links
    assert all(str(link).startswith("#") for link in links)
    style = page.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    policy = next(told["content"] for told in elements.of("meta") if "http-equiv" in told)
    assert str(policy).startswith("default-src 'none'")
    assert "unsafe-eval" not in str(policy)


def test_texts_stay_texts(page: str) -> None:
    """A name that is markup is shown, not obeyed; not in the data of charts either."""
    ours, specs = page.split('id="specs">')[0], page.split('id="specs">')[1].split("</script>")[0]
    assert "<img" not in ours + specs
    assert "&lt;img src=x" in ours
    assert EVIL in str(json.loads(specs))


def test_it_has_landmarks_headings_in_order_and_a_title(page: str) -> None:
    """One h1, no level left out, one main, a header, a footer, navigation with a name."""
    elements = Elements(page)
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    landmarks = ("main", "header", "footer", "nav", "title")
    assert [len(elements.of(tag)) for tag in landmarks] == [1] * 5
    assert elements.of("html")[0]["lang"] == "en"
    ids = [told["id"] for _, told in elements.found if told.get("id")]
    assert len(ids) == len(set(ids))
    named = [told["aria-labelledby"] for _, told in elements.found if "aria-labelledby" in told]
    assert set(named) <= set(ids)
    assert {str(told["href"])[1:] for told in elements.of("a")} <= set(ids)


def test_every_chart_has_words_and_a_table(page: str, report: Report) -> None:
    """What a picture shows is there without it."""
    charts = [one for section in report.sections for one in section.charts]
    places = [told for _, told in Elements(page).found if "data-chart" in told]
    assert len(charts) == len(places) >= 12
    assert all(told["role"] == "img" and len(str(told["aria-label"])) > 20 for told in places)
    assert all(one.table.rows for one in charts)
    assert all(len(row) == len(one.table.columns) for one in charts for row in one.table.rows)
    assert all(told.get("scope") for told in Elements(page).of("th"))


def test_every_figure_of_a_model_has_its_coverage_and_version(report: Report) -> None:
    for key in ("sentiment", "sop", "quality"):
        section = next(one for one in report.sections if one.key == key)
        assert "98% scored, logistic-3" in section.figures[0].note
        assert "Scored 273 of 280 tickets" in section.notes[0]
        assert any("Break on 23 November" in note for note in section.notes)


def test_what_there_is_not_is_said(tmp_path: Path) -> None:
    """A desk with tickets alone: each other section says so, in words, and shows no zero."""
    bare = made(Material(flow=flow()))
    assert [one.name for one in bare.headline] == ["Tickets created", "Tickets solved"]
    for section in bare.sections[2:]:
        assert not section.figures
        assert re.search(r"\b(no|not|nobody|nothing)\b", section.lead, re.IGNORECASE), section.lead
    assert "no data" in render(bare)


def test_the_picture_has_words_and_the_page_s_colours(report: Report) -> None:
    """A PNG; its words tell what stands out first."""
    picture = draw(report)
    assert picture.png.startswith(b"\x89PNG")
    assert "Tickets created in Billing: more than usual" in picture.alt
    assert light_theme()["--surface"] == "#ffffff"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium, where this machine has one: `apt-get install chromium-headless-shell`."""
    command = find_browser()
    if command is None:
        pytest.skip("no Chromium here: the page is not looked at")
    with browsing(command) as opened:
        yield opened


def _draw(browser: Browser, file: Path, *, width: int, dark: bool = False) -> float:
    """Seconds until all charts are drawn."""
    browser.open(file, width=width, dark=dark)
    wait = "new Promise(done => { const at = document.documentElement.dataset; (function look() {"
    wait += " at.drawn ? done(Number(at.drawn)) : setTimeout(look, 20); })(); })"
    return float(browser.run(wait)) / 1000


@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_drawn_soon_and_fits(browser: Browser, file: Path, width: int) -> None:
    """On a phone too nothing sticks out; no error, no message, no request but the file itself."""
    seconds = _draw(browser, file, width=width)
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run(STICKING) == []
    assert all(count > 3 for count in browser.run(DRAWN))
    asked = [one["request"]["url"] for one in browser.told("Network.requestWillBeSent")]
    assert asked == [file.as_uri()]
    assert browser.told("Runtime.exceptionThrown") == []
    assert browser.told("Runtime.consoleAPICalled") == []
    assert browser.told("Log.entryAdded") == []
    assert file.stat().st_size < LARGEST_BYTES
    assert seconds < SOONEST_SECONDS * 4  # on a machine that does other things too


STICKING = """[...document.querySelectorAll("main *")]
  .filter(one => !one.closest(".scroll, svg"))
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
  .map(one => one.className)"""
DRAWN = """[...document.querySelectorAll("[data-chart]")]
  .map(one => one.querySelectorAll("svg path").length)"""
CONTRAST = """(() => {
  const parse = (told) => told.match(/[\\d.]+/g).map(Number);
  const light = (told) => {
    const [r, g, b] = parse(told).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const told = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(told) && told != "transparent") return told;
    }
    return "rgb(255,255,255)";
  };
  const worst = [];
  for (const one of document.querySelectorAll("h1,h2,h3,p,a,li,td,th,summary,caption,span")) {
    if (!one.textContent.trim() || one.closest("svg, .skip")) continue;
    const [a, b] = [light(getComputedStyle(one).color), light(behind(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) worst.push([one.className, one.tagName, ratio]);
  }
  for (const one of document.querySelectorAll("svg text")) {
    const [a, b] = [light(getComputedStyle(one).fill), light(behind(one.closest("figure")))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) worst.push(["svg", one.textContent, ratio]);
  }
  return worst;
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_can_be_read_by_day_and_by_night(browser: Browser, file: Path, dark: bool) -> None:
    """Contrast of every text, in charts too, is 4.5 to 1 at least (WCAG 2.2, 1.4.3)."""
    _draw(browser, file, width=1280, dark=dark)
    assert browser.run(CONTRAST) == []
    back = browser.run("getComputedStyle(document.body).backgroundColor")
    assert back == ("rgb(18, 22, 29)" if dark else "rgb(246, 247, 249)")


def test_charts_change_with_the_page(browser: Browser, file: Path) -> None:
    """Light and dark change places while the page is open: charts are drawn anew."""
    _draw(browser, file, width=800)
    ink = "getComputedStyle(document.querySelector('svg text')).fill"
    before = browser.run(ink)
    browser.run("delete document.documentElement.dataset.drawn")
    told = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.call("Emulation.setEmulatedMedia", features=told)
    browser.run(
        "new Promise(done => (function look() { document.documentElement.dataset.drawn"
        " ? done() : setTimeout(look, 20); })())"
    )
    assert browser.run(ink) != before


def test_a_keyboard_reaches_everything(browser: Browser, file: Path) -> None:
    """The first stop leads past the header; every summary, link and wide table is a stop."""
    _draw(browser, file, width=800)
    press = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
    browser.call("Input.dispatchKeyEvent", type="keyDown", **press)
    assert browser.run("document.activeElement.className") == "skip"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert browser.run(outline) != "none"
    unreachable = """[...document.querySelectorAll('summary, a, .scroll')]
        .filter(one => one.tabIndex < 0).length"""
    assert browser.run(unreachable) == 0
    details = "document.querySelector('figure details')"
    browser.run(f"{details}.querySelector('summary').focus()")
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
    browser.call("Input.dispatchKeyEvent", type="keyDown", **enter)
    assert browser.run(f"{details}.open") is True
