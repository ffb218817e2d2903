"""What a reader sees: the page in a browser, wide and narrow, used with the mouse and with the keyboard."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.page.page import write_page
from tests.analysis.page.browser import NARROW, WIDE, Seen, chromium, opened
from tests.analysis.page.kinds import ALERT, Made
from tests.analysis.results.made import sweep_rows

KINDS = ("report", "run", "trace", "study", "sweep")
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(made: Made, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    return {kind: write_page(path, folder / f"{kind}.html") for kind, path in made.all.items()}


@pytest.fixture(scope="module")
def hostile_pages(hostile: Made, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("hostile-pages")
    return {kind: write_page(hostile.all[kind], folder / f"{kind}.html") for kind in KINDS}


def check_quiet(seen: Seen, file: Path) -> None:
    assert seen.said == []
    assert seen.refused == []
    assert seen.asked == [file.as_uri()]
    assert seen.too_wide <= 0


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_drawn_without_a_word_and_asks_for_nothing(
    browser: Any, pages: dict[str, Path], kind: str, size: tuple[int, int]
) -> None:
    with opened(browser, pages[kind], size, color_scheme="dark" if size == NARROW else "light") as seen:
        charts = seen.count("figure.chart")
        assert charts >= (1 if kind == "trace" else 2)
        assert seen.count("figure.chart .plot svg[role=group]") == charts
        assert seen.count("#sheets tbody tr") > 0
        check_quiet(seen, pages[kind])


@pytest.mark.parametrize("kind", ["report", "study", "sweep"])
def test_hostile_names_are_shown_as_text(browser: Any, hostile_pages: dict[str, Path], kind: str) -> None:
    for size in (WIDE, NARROW):
        with opened(browser, hostile_pages[kind], size) as seen:
            seen.page.locator("tbody input[type=checkbox]").first.check()
            seen.page.locator("figure.chart svg[role=group]").first.focus()
            seen.page.keyboard.press("ArrowRight")
            seen.page.locator("summary").click()
            assert seen.count("img, iframe, object, a, body script:not([type]) ~ script") == 0
            check_quiet(seen, hostile_pages[kind])
            wanted = "<img src=x onerror=alert(2)>" if kind == "sweep" else ALERT
            assert wanted in seen.page.locator("body").inner_text()


def rows_of(seen: Seen, column: int) -> list[str]:
    return seen.texts(f"#sheets .sheet:first-child tbody td:nth-child({column})")


def test_a_table_sorts_up_and_down_and_filters(browser: Any, pages: dict[str, Path]) -> None:
    seconds = [row["seconds"] for row in sweep_rows()]
    with opened(browser, pages["sweep"]) as seen:
        head = seen.page.locator('th[data-key="seconds"]')
        column = 2 + head.evaluate("(cell) => [...cell.parentNode.querySelectorAll('th')].indexOf(cell)")
        shown = {}
        for way in ("descending", "ascending"):
            head.locator("button").click()
            assert head.get_attribute("aria-sort") == way
            shown[way] = [float(text) for text in rows_of(seen, column)]
        assert shown["ascending"] == pytest.approx([1e3 * one for one in sorted(seconds)], rel=1e-3)
        assert shown["descending"] == shown["ascending"][::-1]
        head.locator("button").press("Enter")
        assert head.get_attribute("aria-sort") == "none"
        seen.page.get_by_label("filter time").fill("< 10")
        assert len(rows_of(seen, column)) == sum(one < 0.010 for one in seconds)
        check_quiet(seen, pages["sweep"])


def test_what_is_chosen_in_a_table_is_chosen_in_every_chart(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["study"]) as seen:
        seen.page.locator("#sheet-summary tbody tr", has_text="mdgf_linear").first.click()
        assert "mdgf_linear 2:4" in seen.page.locator(".bar").inner_text()
        assert seen.count(".scatter .mark.chosen") == 2  # one in each of two charts
        assert seen.count(".bars .part.chosen") > 0
        chosen = seen.texts("#sheets tr.chosen td:nth-child(2)")
        assert len(chosen) > 2
        assert set(chosen) == {"mdgf_linear"}
        seen.page.keyboard.press("Escape")
        assert seen.count(".chosen") == 0
        check_quiet(seen, pages["study"])


def test_the_keyboard_reaches_every_mark(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["sweep"]) as seen:
        plot = seen.page.locator("figure.scatter svg[role=group]").first
        marks = plot.locator(".mark").count()
        assert marks == len(sweep_rows())
        plot.focus()
        reached = {seen.page.locator(".tip strong").inner_text()}
        for _ in range(marks - 1):
            seen.page.keyboard.press("ArrowRight")
            reached.add(seen.page.locator(".tip strong").inner_text())
        assert reached == {f"point {place}" for place in range(marks)}
        seen.page.keyboard.press("Home")
        seen.page.keyboard.press("Enter")
        assert seen.page.locator(".tip strong").inner_text() in seen.page.locator(".bar").inner_text()


def test_a_series_hides_and_an_axis_turns_logarithmic(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["sweep"]) as seen:
        chart = seen.page.locator("figure.scatter").first
        marks = chart.locator(".plot .mark")
        before = marks.count()
        key = chart.locator(".legend button").first
        key.click()
        assert key.get_attribute("aria-pressed") == "false"
        assert marks.count() == before * 3 // 4  # one of four rows of arrays
        places = marks.evaluate_all("(all) => all.map((one) => one.getAttribute('transform'))")
        chart.get_by_role("button", name="log x").click()
        moved = marks.evaluate_all("(all) => all.map((one) => one.getAttribute('transform'))")
        assert places != moved
        check_quiet(seen, pages["sweep"])


def test_the_dashed_line_is_the_front_of_what_is_shown(browser: Any, pages: dict[str, Path]) -> None:
    front = sum(bool(row["front"]) for row in sweep_rows())
    with opened(browser, pages["sweep"]) as seen:
        path = seen.page.locator("figure.scatter path.front").first.get_attribute("d")
        assert path.count("H") + 1 == front
        assert seen.page.locator("figure.scatter").first.locator(".mark.best").count() == front


def test_a_stretch_of_an_axis_chooses_the_points_within(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["sweep"]) as seen:
        axis = seen.page.locator("figure.parallel .stretch").first
        axis.scroll_into_view_if_needed()
        box = axis.bounding_box()
        seen.page.mouse.move(box["x"] + 12, box["y"] + 8)  # the largest arrays are on top
        seen.page.mouse.down()
        seen.page.mouse.move(box["x"] + 12, box["y"] + 40, steps=3)
        seen.page.mouse.up()
        largest = max(row["core.array.rows"] for row in sweep_rows())
        wanted = sum(row["core.array.rows"] == largest for row in sweep_rows())
        assert seen.count("#sheet-points tr.chosen") == wanted
        assert set(seen.texts("#sheet-points tr.chosen td:nth-child(3)")) == {str(largest)}


def test_a_table_leaves_as_csv_with_exact_counts(browser: Any, hostile_pages: dict[str, Path]) -> None:
    with opened(browser, hostile_pages["sweep"], accept_downloads=True) as seen:
        with seen.page.expect_download() as waiting:
            seen.page.get_by_role("button", name="save CSV").click()
        text = Path(waiting.value.path()).read_text()
        rows = list(csv.DictReader(io.StringIO(text)))
        assert waiting.value.suggested_filename == "points.csv"
        assert [int(row["effective_macs"]) for row in rows] == [2**70 + place for place in range(len(rows))]
        assert [row["memory.dram.bandwidth"] for row in rows[:3]] == ["400 GB/s", "800 GB/s", "1600 GB/s"]
        assert rows[0]["why"] == ALERT
        check_quiet(seen, hostile_pages["sweep"])


def test_without_its_script_a_page_has_its_findings_and_a_table(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["study"], java_script_enabled=False) as seen:
        assert len(seen.texts(".findings li")) >= 2
        assert seen.count("table.plain tbody tr") >= 10
        assert seen.count(".pic") == 2
