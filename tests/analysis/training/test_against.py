"""Two runs held together: at equal steps whatever their lengths, and what their gaps say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.training.against import Against, Gap, Other, compare, finding, gap_rows, paired_text, verdict
from simulator.trace import Trace
from workloads.training.emulator.history import History
from workloads.training.emulator.train import Trained

COSTS = {"algorithmic_flops": 50, "hardware_flops": 75, "all_sparse_flops": 25}


def rows(steps: int, every: int, loss: float) -> list[dict[str, Any]]:
    """A history whose held-out loss is `loss` and a step's number, measured at every `every`-th step."""
    history: list[dict[str, Any]] = []
    for step in range(steps):
        row: dict[str, Any] = {"step": step, "loss": 9.0}
        if step and (step % every == 0 or step == steps - 1):
            row |= {"held_out_loss": loss + step, "training_loss": loss}
        history.append(row)
    return history


def result(steps: int, loss: float) -> dict[str, Any]:
    return {"steps": steps, "held_out_loss": loss, "training_loss": loss, "metric": "accuracy", **COSTS}


def run_of(steps: int, every: int, loss: float, **made: Any) -> Trained:
    history = History()
    history.rows = rows(steps, every, loss)
    return Trained(
        result=result(steps, loss), history=history, trace=Trace(steps=()), provenance={"seed": 1, **made}
    )


def other_of(steps: int, every: int, loss: float, **made: Any) -> Other:
    costs = dict.fromkeys(COSTS, 100)
    return Other(
        path=Path("other"),
        result=result(steps, loss) | costs,
        provenance={"seed": 1, **made},
        history=rows(steps, every, loss),
    )


def test_runs_of_different_lengths_are_compared_at_equal_steps() -> None:
    found = compare(run_of(80, 10, 3.0), other_of(40, 5, 1.0))
    # quarters of the shorter run end at steps 9, 19, 29 and 39
    assert [(gap.step, gap.other_step) for gap in found.gaps] == [
        (10, 10),
        (20, 20),
        (30, 30),
        (40, 39),
        (79, 39),
    ]
    assert [gap.figures["held_out_loss"] for gap in found.gaps] == [2, 2, 2, 3, 2]
    assert found.flops == {"algorithmic": 0.5, "hardware": 0.75, "all_sparse": 0.25}
    steps = [row["step"] for row in gap_rows(found)]
    assert steps == ["10", "20", "30", "40 and 39", "79 and 39"]


def test_figures_that_only_one_run_has_are_left_out() -> None:
    run = run_of(8, 2, 3.0)
    run.result["held_out_entropy"] = 1.0
    assert "held_out_entropy" not in compare(run, other_of(8, 2, 1.0)).end.figures


def test_what_the_runs_do_not_share_is_named() -> None:
    same = compare(run_of(8, 2, 3.0, batch=4), other_of(8, 2, 1.0, batch=4))
    assert paired_text(same) == "paired: the same data in the same order, and the same start"
    unlike = compare(run_of(8, 2, 3.0, batch=4, sizes={"width": 8}), other_of(8, 2, 1.0, batch=8))
    assert paired_text(unlike) == "not paired: the two differ in batch, sizes"


@pytest.mark.parametrize(
    ("training", "held_out", "entropy", "says"),
    [
        (0.2, 0.1, 0.3, "it fits the training samples worse too, with less certain outputs: under-trained"),
        (0.2, 0.1, -0.3, "it fits the training samples worse too, with outputs no less certain: not over-"),
        (0.2, 0.1, None, "it fits the training samples worse too: under-trained or too small, not over-"),
        (-0.2, 0.1, 0.3, "it fits the training samples no worse, and the held-out ones worse: it is over"),
        (0.2, -0.1, 0.3, "it fits the training samples worse, and the held-out ones no worse: it general"),
        (-0.2, -0.1, 0.3, "it fits both samples no worse: no sign of too little training"),
        (0.0, 0.0, 0.0, "it fits both samples no worse: no sign of too little training"),
    ],
)
def test_the_verdict_follows_from_losses_and_entropy(
    training: float, held_out: float, entropy: float | None, says: str
) -> None:
    figures = {"training_loss": training, "held_out_loss": held_out}
    if entropy is not None:
        figures["held_out_entropy"] = entropy
    gap = Gap(share=None, step=1, other_step=1, figures=figures)
    assert verdict(gap).startswith(says)


def test_the_end_is_the_last_gap() -> None:
    gaps = tuple(Gap(share=None, step=step, other_step=step, figures={}) for step in range(3))
    assert Against(other=other_of(2, 1, 1.0), gaps=gaps, flops={}, unlike=()).end.step == 2


def test_different_data_say_nothing() -> None:
    gap = Gap(share=None, step=1, other_step=1, figures={"training_loss": 1.0, "held_out_loss": 1.0})
    other = Other(path=Path("d"), result={}, provenance={}, history=())
    against = Against(other=other, gaps=(gap,), flops={}, unlike=("task_sha256",))
    assert finding(against) == "they learnt from different data, so that the differences say nothing"
    assert finding(replace(against, unlike=("seed",))) == verdict(gap)
