"""Results of every kind, small and whole, and names that want to be more than text."""

import json
from dataclasses import dataclass
from pathlib import Path

from analysis.cli import run
from simulator import load_arch, simulate
from tests.analysis.results.made import LABELS, Row, made_study, made_sweep, study_rows, sweep_rows
from tests.analysis.training.tiny import SPARSE, TEACHER
from workloads import trace_network

ALERT = "<script>alert(1)</script>"
HOSTILE = (
    ALERT,
    '"><img src=x onerror=alert(2)>',
    "]]></script><!--<script>alert(3)</script>",
    "x" * 10_000,
    "\u202e\u2067\u0645\u0631\u062d\u0628\u0627 \u202egnirts",
    "\U0001f389 {{7*7}} ${x} `y` \u2028",
    "nul\0\x1b[31m \ud800",
    "1e3",
)


@dataclass(frozen=True)
class Made:
    """A place of results of each kind."""

    report: Path
    run: Path
    trace: Path
    study: Path
    sweep: Path

    @property
    def all(self) -> dict[str, Path]:
        return dict(vars(self))


def make_all(folder: Path) -> Made:
    """A report and a trace of a small network, a training run, and a study and a sweep that are made up."""
    network = trace_network("vit_b16", recipe="sr_ste", pattern="2:4", batch=1, image=32)
    network.save(folder / "trace")
    report = folder / "report.json"
    report.write_text(simulate(load_arch("a100"), network).to_json())
    trained = folder / "run"
    assert run([*TEACHER, *SPARSE, "--arch", "a100", "-o", str(trained)]) == 0
    reports = {(label, pattern, "a100"): report for label, pattern in LABELS}
    runs = dict.fromkeys(LABELS[:2], trained)
    study = made_study(folder / "study", study_rows(), reports=reports, runs=runs)
    sweep = made_sweep(folder / "sweep", name="arrays", provenance=_provenance(report))
    return Made(report=report, run=trained, trace=folder / "trace", study=study, sweep=sweep)


def make_hostile(folder: Path, made: Made) -> Made:
    """The same with HOSTILE names in every place that a name may have."""
    report = json.loads(made.report.read_text())
    for index, row in enumerate(report["rows"]):
        row["layer"], row["cycles"] = HOSTILE[index % len(HOSTILE)], 2**60 + index
        row["note"] = HOSTILE[1]
    report["provenance"]["arch"]["name"] = HOSTILE[0] + HOSTILE[4] + HOSTILE[3]
    report["provenance"]["trace"]["made"]["network"] = HOSTILE[2]
    report["provenance"][HOSTILE[1]] = [HOSTILE[6], {HOSTILE[0]: HOSTILE[5]}]
    place = folder / "report.json"
    folder.mkdir()
    place.write_text(json.dumps(report))
    names = [(name, ("2:4", "")[index % 2]) for index, name in enumerate(HOSTILE)]
    cells: list[Row] = study_rows(_encodable(names), archs=("a100", ALERT))
    study = made_study(folder / "study", cells)
    meta = json.loads((study / "study.json").read_text())
    meta["study"]["name"] = "</title>" + "".join(HOSTILE)
    (study / "study.json").write_text(json.dumps(meta))
    points = sweep_rows()
    for index, row in enumerate(points):
        row["why"], row["state"] = HOSTILE[index % 3], ("done", "refused")[index % 2]
        row["effective_macs"] = 2**70 + index
        row["energy_j"] = float("nan") if index % 2 else row["energy_j"]
    sweep = made_sweep(folder / "sweep", points, name=HOSTILE[1], constraints=[HOSTILE[2]])
    return Made(report=place, run=made.run, trace=made.trace, study=study, sweep=sweep)


def _encodable(names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names that a CSV file can hold: what is half a character is left to JSON."""
    return [(name.replace("\ud800", "").replace("\0", ""), pattern) for name, pattern in names]


def _provenance(report: Path) -> Row:
    made = json.loads(report.read_text())["provenance"]
    return {"tool": "nmsim", "version": "0.1.0", "arch": made["arch"], "fidelity": "tile", "seed": 0}
