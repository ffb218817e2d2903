"""The page of a training run: what it learnt over its steps, what it kept, and what it cost."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from analysis.headings import subject
from analysis.page.blocks import Chart, Page, Sheet, sheet
from analysis.page.curves import Line, curves
from analysis.page.machines import pictures
from analysis.page.parts import report_bars
from analysis.page.telling import CONVENTION_FACTS, digest_facts
from analysis.quantities import scaled
from analysis.results import Results
from analysis.training.run_files import TRACE
from workloads.training.flops import CONVENTIONS

if TYPE_CHECKING:
    import pandas as pd

HISTORY = "Loss of the batch, held-out results, learning rate, density and flips, and the FLOPs so far."
WEIGHTS = "Density and the share of each mask that flips, weight by weight."
COLOURS = 8


def run_page(results: Results) -> Page:
    """What a run holds, linked by the weight that a row or a line is of."""
    made: Mapping[str, Any] = results.meta["provenance"]
    history, weights, noise = (results.table(name) for name in ("history", "weights", "noise"))
    result = results.meta.get("result")
    reports = results.reports()
    return Page(
        title=subject(made) or results.path.resolve().name,
        kind="training run",
        linked="weight",
        findings=tuple(_findings(results.meta)),
        facts=(
            *digest_facts(made),
            ("steps", f"{results.meta.get('step')} of {made.get('steps')}"),
            *CONVENTION_FACTS,
        ),
        charts=(
            *curves("Over training", HISTORY, [Line("run", "", "run", "", history)] if len(history) else []),
            *curves("Weight by weight", WEIGHTS, _by_weight(weights), first="flip_rate"),
            *_charged(reports),
        ),
        sheets=tuple(_sheets(results, history, weights, noise)),
        pictures=tuple(pictures(report["provenance"] for report in reports.values())),
        cautions=() if result else ("the run has not come to its end",),
        provenance=made,
    )


def _findings(meta: Mapping[str, Any]) -> Iterator[str]:
    result = meta.get("result")
    if not isinstance(result, Mapping):
        yield f"Unfinished, at step {meta.get('step')}."
        return
    unit = f" {result.get('unit')}" if result.get("unit") else ""
    better = f"{'lower' if result.get('lower_is_better') else 'higher'} is better"
    value = result.get("value")
    said = f"{value:.4g}" if isinstance(value, int | float) else "no number: it diverged"
    yield f"After {result.get('steps')} steps the {result.get('metric')} is {said}{unit} ({better})."
    losses = [(name, result.get(f"{name}_loss")) for name in ("held_out", "training")]
    told = [
        f"{name.replace('_', '-')} loss {loss:.4g}" for name, loss in losses if isinstance(loss, int | float)
    ]
    if told:
        yield f"{', '.join(told).capitalize()}."
    density = result.get("density")
    if isinstance(density, int | float):
        yield f"{density:.1%} of the weights that may be sparse are kept."
    flops = [(name, result.get(f"{name}_flops")) for name in CONVENTIONS]
    counted = [f"{scaled(count, 'FLOP')} {name}" for name, count in flops if isinstance(count, int | float)]
    if counted:
        yield f"It cost {', '.join(counted)}."


def _by_weight(weights: "pd.DataFrame") -> list[Line]:
    return [
        Line(str(name), str(name), str(name), "", frame, place % COLOURS, place // COLOURS)
        for place, (name, frame) in enumerate(weights.groupby("weight", sort=False))
    ]


def _charged(reports: Mapping[str, Mapping[str, Any]]) -> Iterator[Chart]:
    for name, report in reports.items():
        yield from report_bars(report["rows"], of=f": {name}", linked=False)


def _sheets(
    results: Results, history: "pd.DataFrame", weights: "pd.DataFrame", noise: "pd.DataFrame"
) -> Iterator[Sheet]:
    ledger = _ledger(results)
    if ledger is not None:
        yield ledger
    if len(history):
        yield sheet("history", "History", history, links=[""] * len(history), source="history.csv")
    for name, title, frame in (("weights", "Weights", weights), ("noise", "Gradient noise", noise)):
        if len(frame):
            known = "weight" in frame.columns
            links = [str(one) for one in frame["weight"].tolist()] if known else [""] * len(frame)
            last = range(max(0, len(frame) - 200), len(frame))
            yield sheet(name, title, frame, links=links, source=f"{name}.csv", keep=last)


def _ledger(results: Results) -> Sheet | None:
    """The FLOPs by pass under each convention; None of a run that has no trace yet."""
    import pandas as pd

    from analysis.ledgers import dense_flops, ledgers
    from simulator.trace import load_trace

    if not (results.path / TRACE).is_dir():
        return None
    trace = load_trace(results.path / TRACE)
    rows, dense = ledgers(trace), dense_flops(trace)
    frame = pd.DataFrame(
        {
            "convention": [row["convention"] for row in rows],
            **{f"{name}_flops": [row[name] for row in rows] for name in ("FWD", "DGRAD", "WGRAD", "total")},
            "of dense": [row["total"] / dense if dense else None for row in rows],
        }
    )
    return sheet("flops", "FLOPs of the run", frame, links=[""] * len(frame), source="trace/")
