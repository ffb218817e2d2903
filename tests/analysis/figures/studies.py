"""A study with real reports and training runs, made once; and figures as the command line draws them."""

from pathlib import Path
from typing import Any

import pytest

from analysis.cli import run
from analysis.figures.drawing import Asked, Drawing
from analysis.figures.registry import FIGURES
from analysis.results import load_results
from simulator import simulate
from simulator.trace import load_trace
from tests.analysis.results.made import made_study, study_rows
from tests.analysis.training.tiny import SPARSE, TEACHER

LABELS = (("dense", ""), ("sr_ste", "2:4"))
ARCHS = ("a100", "dense128")


def real_study(folder: Path) -> Path:
    """Two recipes trained for 40 steps, simulated on two machines."""
    runs, reports = {}, {}
    for label, pattern in LABELS:
        trained = folder / f"trained-{label}"
        assert run([*TEACHER, *(SPARSE if pattern else ()), "-o", str(trained)]) == 0
        runs[label, pattern] = trained
        for arch in ARCHS:
            file = folder / f"{label}-{arch}.json"
            file.write_text(simulate(arch, load_trace(trained / "trace")).to_json())
            reports[label, pattern, arch] = file
    summary = study_rows(LABELS, steps=(40,), archs=ARCHS)
    return made_study(folder / "study", summary, reports=reports, runs=runs)


@pytest.fixture(scope="package")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_study(tmp_path_factory.mktemp("real"))


def found(name: str, path: Path, **choices: Any) -> list[Drawing]:
    """The drawings of a figure of the results at `path`."""
    return list(FIGURES[name].find(Asked(results=load_results(path), **choices)))
