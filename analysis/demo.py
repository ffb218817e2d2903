"""`nmsim demo`: the whole story, a small study from its YAML to four figures and a page."""

from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from analysis.figures.plot import plot
from analysis.page.page import write_page
from analysis.progress import Progress, untold
from analysis.study.conduct import conduct
from analysis.study.spec import WrittenStudy
from analysis.study.text import study_text
from simulator.atomic import write_file
from simulator.spec import Loaded, load_spec

FIGURES = ("accuracy_flops", "accuracy_joules", "time_by_pass", "waterfall")
WRITTEN = "demo.yaml"


def load_demo() -> tuple[Loaded[WrittenStudy], bytes]:
    """The study that the demo carries out, and its file."""
    with as_file(files("analysis") / WRITTEN) as path:
        return replace(load_spec(path, WrittenStudy), name=WRITTEN), path.read_bytes()


def run_demo(
    out: Path, study: tuple[Loaded[WrittenStudy], bytes] | None = None, *, progress: Progress = untold
) -> str:
    """Carry out the demo's study, or another with its file, in the directory `out`; draw it and tell.

    The file lies in `out` afterwards, to be changed and run again. What is there already is not repeated.
    """
    loaded, written = load_demo() if study is None else study
    done = conduct(loaded, out, progress=progress)
    file = out / WRITTEN
    write_file(file, written)
    plot(out, *FIGURES)
    page = write_page(out)
    notes = [
        "",
        f"figures  {out}/figures/: {', '.join(FIGURES)}, each with its numbers and what made it",
        f"page     {page}: open it in a browser",
        f"reports  {out}/reports/*.json; `nmsim explain a100 {out}/runs/...` says where the 2x went",
        f"study    {file}: change it, and `nmsim study {file} -o {out}` does what is new",
    ]
    return study_text(done, "table") + "\n".join(notes) + "\n"
