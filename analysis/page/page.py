"""Any results as a Page, and the Page as a file."""

from collections.abc import Callable, Mapping
from pathlib import Path

from analysis.page.blocks import Page
from analysis.page.document import document
from analysis.page.of_report import report_page
from analysis.page.of_run import run_page
from analysis.page.of_study import study_page
from analysis.page.of_sweep import sweep_page
from analysis.page.of_trace import trace_page
from analysis.results import Results, load_results
from simulator.atomic import write_file
from simulator.errors import InputError, lookup

PAGES: Mapping[str, Callable[[Results], Page]] = {
    "report": report_page,
    "run": run_page,
    "study": study_page,
    "sweep": sweep_page,
    "trace": trace_page,
}
NAME = "report.html"
HEAD_MAX = 4096
GENERATOR = b'<meta name="generator" content="nmsim '


def page_of(results: Results) -> Page:
    """The page of results of any kind."""
    return lookup(PAGES, results.kind, kind="page of results")(results)


def write_page(path: Path, out: Path | None = None) -> Path:
    """Write the page of the results at `path`: to `out`, to report.html in them, or beside a trace or report.

    What is there already is replaced only if it is a page of this kind.
    """
    results = load_results(path)
    file = out or _place(results)
    _check_replaceable(file)
    write_file(file, document(page_of(results)))
    return file


def _place(results: Results) -> Path:
    """Where the page of results goes; not into a trace, which is replaced as a whole when it is made anew."""
    path = results.path
    if results.kind == "report":
        return path.with_suffix(".html")
    if results.kind == "trace":
        whole = path if path.name else path.resolve()
        return whole.with_name(f"{whole.name}.html")
    return path / NAME


def _check_replaceable(file: Path) -> None:
    """Refuse to write over what is no page of ours, before the page is made."""
    try:
        if not file.is_file():
            return
        with file.open("rb") as there:
            begun = there.read(HEAD_MAX)
    except OSError:
        return  # writing says what is wrong
    if begun and GENERATOR not in begun:
        what, right = "holds something else than a page of nmsim", "name another file with --out"
        raise InputError.of(what, right, where=str(file))
