"""`nmsim demo`: the whole story, a small study from its YAML to four figures and a page."""

from importlib.resources import files
from pathlib import Path

from analysis.figures.plot import plot
from analysis.page.page import write_page
from analysis.study.conduct import Progress, conduct
from analysis.study.text import study_text
from simulator.atomic import check_replaceable, write_file

FIGURES = ("accuracy_flops", "accuracy_joules", "time_by_pass", "waterfall")
WRITTEN, MARK = "demo.yaml", "study.json"


def run_demo(out: Path, *, written: str | None = None, progress: Progress | None = None) -> str:
    """Carry out the demo's study, or the one that is `written`, in the directory `out`; draw it and tell.

    The study's file lies in `out` too, to be changed and run again. What is there already is not repeated.
    """
    file = out / WRITTEN
    if not file.exists():
        check_replaceable(out, mark=MARK)
    text = (files("analysis") / WRITTEN).read_text() if written is None else written
    write_file(file, text.encode())
    done = conduct(file, out, progress=progress)
    drawn = plot(out, *FIGURES)
    page = write_page(out)
    figures = sorted({file.parent for figure in drawn.drawn for file in figure.files})
    notes = [
        f"figures  {', '.join(str(folder) for folder in figures)}: {', '.join(FIGURES)}, with their numbers",
        f"page     {page}: open it in a browser",
        f"study    {file}: change it, and `nmsim study {file} -o {out}` does what is new",
        f"reports  {out}/reports/*.json; `nmsim explain a100 {out}/runs/...` says where the 2x went",
    ]
    return study_text(done, "table") + "\n" + "".join(f"{note}\n" for note in notes)
