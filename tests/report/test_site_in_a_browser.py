"""The pages in a real browser: no errors, sorting, filtering, zoom, comparing, no accessibility issue."""

from __future__ import annotations

import html
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import draw
from tests.made_up import FIRST, SECOND, THIRD, MadeUpRun, passes, prompts
from visioneval.images import file_sha256
from visioneval.report.build import make_report, read_groups, write_report
from visioneval.types import Condition, ModelCard, Outcome, PriceRow, Prompt

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (the dev extra has it)")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed (the dev extra)")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH; set CHROMIUM to the browser's path")

ARGUMENTS = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync"
).split()
HOSTILE = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\"> & ‮evil"
PAGES = (
    "index.html",
    "compare.html",
    "prompts.html",
    "methodology.html",
    "models/model-a.html",
    "runs/run-model-a.html",
    "runs/run-blind.html",
    "compare/model-c--model-a.html",
    "prompts/defect-detection-01.html",
)
DESKTOP, PHONE = (1280, 900), (375, 740)
A4 = (718, 1000)
"""Without margins, in CSS pixels."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of three models, one of them also blind, with pictures and a hostile reply."""
    folder = tmp_path_factory.mktemp("site")
    suite = tuple(_drawn(prompt, folder / "suite") if n < 20 else prompt for n, prompt in enumerate(prompts()))
    for name, counts in zip(("model-a", "model-b", "model-c"), (FIRST, SECOND, THIRD), strict=True):
        replace(_run(name, counts, folder), prompts=suite).write(folder / "results")
    blind = Condition("model-b", blind=True)
    failing: list[Outcome] = ["error", "fail", "refused"] * 23
    MadeUpRun(model="model-b", condition=blind, outcomes=failing[:67], id="run-blind").write(folder / "results")
    out = folder / "report"
    write_report(out, make_report(read_groups(folder / "results"), out))
    return out


def _drawn(prompt: Prompt, suite: Path) -> Prompt:
    draw(suite / prompt.image, prompt.id, (640, 400))
    return msgspec.structs.replace(prompt, sha256=file_sha256(suite / prompt.image))


def _run(name: str, counts: tuple[int, ...], folder: Path) -> MadeUpRun:
    dear = {"model-a": 5, "model-b": 1, "model-c": 9}[name]
    card = ModelCard(
        name=name,
        provider="replay",
        organisation=f"Org {name[-1].upper()}",
        access="open" if name == "model-b" else "closed",
        context_window=128_000,
        tasks=("OCR",),
        note=HOSTILE if name == "model-b" else "",
    )
    return MadeUpRun(
        model=name,
        card=card,
        outcomes=passes(counts),
        prices=(PriceRow(name, date(2026, 1, 1), Decimal(dear), Decimal(30)),),
        seconds=lambda index: dear / 3 + index % 7 / 10,
        text=lambda index: HOSTILE,
        suite_path=str(folder / "suite"),
        id=f"run-{name}",
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, report: Path) -> Iterator[Any]:
    """Open a page of the report; the test fails on any console error."""
    contexts: list[Any] = []
    problems: list[str] = []

    def open_it(path: str, size: tuple[int, int] = DESKTOP, scheme: str = "light", scripts: bool = True) -> Any:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("requestfailed", lambda request: problems.append(f"{request.url} failed"))
        page.goto((report / path).as_uri())
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert problems == []


def issues(page: Any) -> list[tuple[str, list[str]]]:
    """Return what axe finds; it may not fetch style sheets, which the pages' policy forbids."""
    found = axe.Axe().run(page, options={"preload": False}).response["violations"]
    return [(issue["id"], [node["html"][:200] for node in issue["nodes"][:3]]) for issue in found]


def shown_models(page: Any) -> list[str]:
    names: list[str] = page.locator("#leaderboard tbody tr:not([hidden]) th a").all_inner_texts()
    return names


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_opens_without_an_error_and_fits(
    open_page: Any, path: str, size: tuple[int, int], scheme: str
) -> None:
    page = open_page(path, size, scheme)
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "only tables may scroll"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "dark"), (PHONE, "light")])
def test_axe_finds_nothing_to_object_to(open_page: Any, path: str, size: tuple[int, int], scheme: str) -> None:
    assert issues(open_page(path, size, scheme)) == []


def test_every_link_of_every_page_leads_somewhere(report: Path) -> None:
    targets = [
        (page, html.unescape(target))
        for page in report.rglob("*.html")
        for target in re.findall(r'(?:href|src)="([^"#]+)', page.read_text(encoding="utf-8"))
    ]
    assert len(targets) > 500
    assert [(page.name, target) for page, target in targets if not (page.parent / target).is_file()] == []


def test_the_leaderboard_sorts_by_any_column(open_page: Any) -> None:
    page = open_page("index.html")
    assert shown_models(page) == ["model-c", "model-a", "model-b", "model-b (blind)"]
    page.get_by_role("button", name="Cost / task").click()
    assert shown_models(page) == ["model-c", "model-a", "model-b", "model-b (blind)"]
    page.get_by_role("button", name="Cost / task").click()
    assert shown_models(page) == ["model-b", "model-a", "model-c", "model-b (blind)"], "what is unknown stays last"
    assert page.locator("th[aria-sort='ascending']").inner_text().startswith("Cost / task")


def test_sorting_works_by_keyboard(open_page: Any) -> None:
    page = open_page("index.html")
    page.get_by_role("button", name="Model").focus()
    page.keyboard.press("Enter")
    assert shown_models(page)[0] == "model-a"


def test_the_leaderboard_filters(open_page: Any) -> None:
    page = open_page("index.html")
    page.get_by_label("Weights").select_option("open")
    assert shown_models(page) == ["model-b"]
    assert page.locator("output").first.inner_text() == "1 of 4 shown"
    page.get_by_label("Weights").select_option("")
    page.get_by_label("Organisation").select_option("Org A")
    assert shown_models(page) == ["model-a"]
    page.get_by_label("Organisation").select_option("")
    page.get_by_label("Search").fill("BLIND")
    assert shown_models(page) == ["model-b (blind)"]
    page.get_by_label("Search").fill("")
    page.get_by_label("Run since").fill("2027-01-01")
    assert shown_models(page) == []


def test_prompts_filter_by_words_and_category(open_page: Any) -> None:
    page = open_page("prompts.html")
    page.get_by_label("Category").select_option("Object Counting")
    assert page.locator("output").inner_text() == "10 of 67 shown"
    page.get_by_label("Search").fill("counting-03")
    assert page.locator("#prompts tbody tr:not([hidden])").count() == 1


def test_two_models_are_one_choice_away_from_their_comparison(open_page: Any) -> None:
    page = open_page("compare.html")
    page.locator("select[name=a]").select_option("model-b")
    page.locator("select[name=b]").select_option("model-a")
    page.get_by_role("link", name="Compare the two").click()
    assert page.locator("h1").inner_text() == "model-a and model-b"
    assert "model-a is better by 24.6 to 48.0 points" in page.locator(".finding").inner_text()
    page.go_back()
    page.locator("select[name=a]").select_option("model-b")
    page.locator("select[name=b]").select_option("model-b")
    assert page.get_by_role("link", name="Compare the two").count() == 0


def test_models_can_be_left_out_of_the_side_by_side_table(open_page: Any) -> None:
    page = open_page("compare.html")
    head = page.locator(".sheet").last.locator("thead th:visible")
    before = head.count()
    page.get_by_role("checkbox", name="model-a").uncheck()
    assert head.count() == before - 1


def test_a_picture_opens_larger_and_closes_by_keyboard(open_page: Any) -> None:
    page = open_page("prompts/defect-detection-01.html")
    link = page.locator("a[data-zoom]")
    link.click()
    dialog = page.get_by_role("dialog")
    assert dialog.is_visible()
    page.get_by_role("button", name="Double").click()
    assert page.locator(".zoom-view img").bounding_box()["width"] > 1500
    assert issues(page) == []
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    assert link.evaluate("link => link === document.activeElement")


def test_a_picture_that_is_not_here_is_said_to_be_missing(open_page: Any) -> None:
    page = open_page("prompts/spatial-understanding-19.html")
    assert "The picture is not here" in page.locator(".picture").inner_text()


@pytest.mark.parametrize("path", ["prompts/defect-detection-01.html", "models/model-b.html", "index.html"])
def test_a_hostile_reply_or_note_stays_text(open_page: Any, path: str) -> None:
    page = open_page(path)
    assert "<script>document.title='hacked'</script>" in page.locator("main").inner_text()
    assert page.title() != "hacked"
    assert page.locator("main script, main img[src=x]").count() == 0


def test_the_policy_allows_nothing_inline_and_nothing_is(open_page: Any) -> None:
    page = open_page("index.html")
    policy = page.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.locator("main [style], main script, main style").count() == 0


@pytest.mark.parametrize("path", PAGES)
def test_without_scripts_every_page_can_be_read(open_page: Any, path: str) -> None:
    page = open_page(path, scripts=False)
    assert page.locator("form:visible").count() == 0, "no control that does nothing"
    assert len(page.locator("main").inner_text()) > 200


def test_charts_have_words_for_those_who_do_not_see_them(open_page: Any) -> None:
    page = open_page("index.html")
    assert page.get_by_role("link", name="model-a: 74.63% (63.1–83.5%), $0.011").count() >= 1
    assert "On the frontier" in page.locator("#cost-words").inner_text()


def test_questions_have_room_on_a_phone(open_page: Any) -> None:
    page = open_page("prompts.html", PHONE)
    heights = page.locator("#prompts tbody tr").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert max(heights) < 200, "a table scrolls sideways before its words stand one below the other"


def test_the_table_of_outcomes_has_the_width_of_the_page(open_page: Any) -> None:
    table = open_page("methodology.html").get_by_role("region", name="Outcomes")
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth"), "no column is cut off"


def test_print_leaves_out_the_controls(open_page: Any) -> None:
    page = open_page("index.html", A4)
    page.emulate_media(media="print")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide < 1.5 * A4[0], "the browser shrinks a page to fit, but not to half"
    sizes = "cell => [cell, cell.querySelector('.ci')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    score, interval = page.locator("#leaderboard td:has(.ci)").first.evaluate(sizes)
    assert interval < score
    arrow = "button => getComputedStyle(button, '::after').content"
    assert page.locator("#leaderboard th button").first.evaluate(arrow) == "none"
    assert not page.locator(".filters").first.is_visible()
    assert page.locator("#leaderboard").is_visible()
