"""Two training runs of one task: how far one is from the other, and whether it lacks training.

A sparse network that is trained as long as a dense one is often not over-fitted but under-trained: its
training loss is above the dense one's too, and its outputs are less certain (Kuznedelev et al.,
arXiv:2308.02060).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from analysis.headings import subject
from analysis.training.run_files import Figures, read_history
from simulator.errors import InputError, shown
from workloads.training.emulator.folder import read_run
from workloads.training.emulator.train import Trained
from workloads.training.flops import CONVENTIONS

WHERE = "--against"
SHARES = tuple(Fraction(quarter, 4) for quarter in range(1, 5))
"""Where on the way the runs are held together, as shares of the shorter one."""
MEASURES = ("training_loss", "held_out_loss", "training_entropy", "held_out_entropy", "held_out_metric")
DATA = ("task_sha256", "seed", "batch")
START = ("network", "sizes", "activation")
"""What two runs share whose differences are paired: data in the same order, and the same start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A finished run on disk."""

    path: Path
    result: Mapping[str, Any]
    provenance: Mapping[str, Any]
    history: Sequence[Figures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """This run minus the other: `figures` that both have, at a step of each, counted from 0.

    `share` is that of the shorter run; None is the end, where networks are measured as they are served.
    """

    share: Fraction | None
    step: int
    other_step: int
    figures: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """How a run differs from another: `flops` are its own over the other's, `unlike` what is not the same."""

    other: Other
    gaps: tuple[Gap, ...]
    flops: dict[str, float]
    unlike: tuple[str, ...]

    @property
    def end(self) -> Gap:
        """The gap of the networks as they are served."""
        return self.gaps[-1]


def load_other(path: Path, task: str) -> Other:
    """The finished run of `task` in the directory `path`."""
    try:
        meta = read_run(path)
        made = meta["provenance"]
        if meta["result"] is None:
            what = f"holds an unfinished run, at step {meta['step']} of {made['steps']}"
            raise InputError.of(what, "--resume it first", where=str(path))
        if made["task"] != task:
            what = f"holds a run of {shown(made['task'])}, and this is one of {shown(task)}"
            raise InputError.of(what, "name a run of the same task", where=str(path))
        history = read_history(path)
        if not any(row.get("held_out_loss") is not None for row in history):
            right = "--resume it, which writes its tables anew"
            raise InputError.of("has no measured row in its history", right, where=str(path))
        return Other(path=path, result=meta["result"], provenance=made, history=history)
    except InputError as error:
        raise error.at(WHERE) from None


def compare(run: Trained, other: Other) -> Against:
    """What this run differs in, on the way and at the end."""
    steps = min(run.result["steps"], other.result["steps"])
    gaps = []
    for share in SHARES:
        at = float(share * steps) - 1
        ours, theirs = _nearest(run.history.rows, at), _nearest(other.history, at)
        gaps.append(_gap(share, ours, theirs))
    last, others = run.result["steps"] - 1, other.result["steps"] - 1
    gaps.append(_gap(None, {**run.result, "step": last}, {**other.result, "step": others}))
    flops = {
        name: run.result[f"{name}_flops"] / other.result[f"{name}_flops"]
        for name in CONVENTIONS
        if other.result.get(f"{name}_flops")
    }
    made = run.provenance
    unlike = tuple(name for name in (*DATA, *START) if made.get(name) != other.provenance.get(name))
    return Against(other=other, gaps=tuple(gaps), flops=flops, unlike=unlike)


def _nearest(rows: Sequence[Mapping[str, Any]], step: float) -> Mapping[str, Any]:
    """The row at which held-out samples were measured that is nearest to `step`, the earlier of two."""
    measured = [row for row in rows if row.get("held_out_loss") is not None]
    return min(measured, key=lambda row: abs(row["step"] - step))


def _gap(share: Fraction | None, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Gap:
    shared = [name for name in MEASURES if None not in (ours.get(name), theirs.get(name))]
    return Gap(
        share=share,
        step=int(ours["step"]),
        other_step=int(theirs["step"]),
        figures={name: ours[name] - theirs[name] for name in shared},
    )


def finding(against: Against) -> str:
    """The verdict on the end, where the data were the same."""
    if "task_sha256" in against.unlike:
        return "they learnt from different data, so that the differences say nothing"
    return verdict(against.end)


def verdict(gap: Gap) -> str:
    """What the losses and the entropy at the end say together."""
    training, held_out = gap.figures["training_loss"], gap.figures["held_out_loss"]
    entropy = gap.figures.get("held_out_entropy")
    if training <= 0 and held_out <= 0:
        return "it fits both samples no worse: no sign of too little training"
    if training <= 0:
        return "it fits the training samples no worse, and the held-out ones worse: it is over-fitted"
    if held_out <= 0:
        return "it fits the training samples worse, and the held-out ones no worse: it generalizes better"
    fits = "it fits the training samples worse too"
    if entropy is None:
        return f"{fits}: under-trained or too small, not over-fitted; try --longer"
    if entropy > 0:
        return f"{fits}, with less certain outputs: under-trained, not over-fitted; try --longer"
    return f"{fits}, with outputs no less certain: not over-fitted, and more steps alone may not do"


def paired_text(against: Against) -> str:
    """Whether the differences are paired, and if not, why."""
    if not against.unlike:
        return "paired: the same data in the same order, and the same start"
    return f"not paired: the two differ in {', '.join(name.replace('_', ' ') for name in against.unlike)}"


def against_json(against: Against) -> dict[str, Any]:
    """All of it."""
    return {
        "run": str(against.other.path),
        "subject": subject(against.other.provenance),
        "gaps": [
            {
                "share": None if gap.share is None else float(gap.share),
                "step": gap.step,
                "other_step": gap.other_step,
                **gap.figures,
            }
            for gap in against.gaps
        ],
        "flops": against.flops,
        "paired": not against.unlike,
        "unlike": list(against.unlike),
        "verdict": finding(against),
    }


def gap_rows(against: Against) -> Iterator[dict[str, object]]:
    """The gaps as people read them."""
    for gap in against.gaps:
        steps = f"{gap.step}" if gap.step == gap.other_step else f"{gap.step} and {gap.other_step}"
        yield {
            "at": "the end, as served" if gap.share is None else f"{float(gap.share):.0%}",
            "step": steps,
            **{_words(name, against): f"{value:+.4g}" for name, value in gap.figures.items()},
        }


def _words(name: str, against: Against) -> str:
    """The name of a measure as people read it."""
    if name == "held_out_metric":
        return str(against.other.result["metric"])
    return name.replace("held_out", "held-out").replace("_", " ")
