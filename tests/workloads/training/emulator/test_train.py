"""Whole runs: what they return, Ctrl-C, divergence, and measuring that changes nothing."""

import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.mask import breaks
from simulator.pattern import Pattern
from simulator.trace import load_trace
from tests.workloads.training.emulator.tiny import shrink, tiny
from workloads.tasks.metric import Tally
from workloads.training.emulator import train as train_module
from workloads.training.emulator.choices import Choices, resolve
from workloads.training.emulator.folder import read_run
from workloads.training.emulator.history import Row
from workloads.training.emulator.losses import mean_loss
from workloads.training.emulator.parts import parts
from workloads.training.emulator.train import LOGGED, MEASURED, Run, train
from workloads.training.emulator.trainer import Trainer
from workloads.training.flops import CONVENTIONS, ledger
from workloads.training.recipes import RECIPES

TWO_OF_FOUR = Pattern(kept=2, group=4)


@pytest.fixture(autouse=True)
def _shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def test_a_result_has_the_figures_of_the_last_row(monkeypatch: pytest.MonkeyPatch) -> None:
    found = train(tiny("ste"))
    last = found.history.rows[-1]
    for name in ("held_out_loss", "held_out_metric", "training_loss", "training_metric"):
        assert found.result[name] == last[name], "the same network, as masks move at every step"
    assert found.result["value"] == last["held_out_metric"]
    assert (found.result["metric"], found.result["lower_is_better"]) == ("unexplained variance", True)
    assert (found.result["steps"], found.result["density"]) == (12, 0.5)
    for name in CONVENTIONS:
        assert found.result[f"{name}_flops"] == last[f"{name}_flops"] == ledger(found.trace.steps, name).total
    assert found.trace.complete
    assert found.folder is None
    assert found.provenance == found.trace.provenance


def test_rows_and_measures_are_spread_over_the_run() -> None:
    steps = 2 * LOGGED + 7
    rows = train(tiny("dense", steps=steps, batch=2, width=4, inner=4)).history.rows
    assert [row["step"] for row in rows] == sorted({*range(0, steps, 2), steps - 1})
    measured = [row["step"] for row in rows if "held_out_loss" in row]
    assert measured[-1] == steps - 1
    assert MEASURED - 1 <= len(measured) <= MEASURED + 1
    assert 0 not in measured
    assert [row["algorithmic_flops"] // (row["step"] + 1) for row in rows] == [
        rows[0]["algorithmic_flops"]
    ] * len(rows)


def test_training_learns() -> None:
    found = train(tiny("sr_ste", steps=300, batch=32))
    losses = [row["loss"] for row in found.history.rows]
    assert np.mean(losses[-10:]) < 0.3 * np.mean(losses[:10])


def test_keywords_change_choices() -> None:
    assert train(tiny("ste"), steps=3).result["steps"] == 3
    assert (
        train(task="teacher", steps=2, sizes={"features": 4, "width": 4}, width=8, batch=4).result["steps"]
        == 2
    )


def test_seeds_differ_and_the_same_one_does_not() -> None:
    one, again, other = (train(tiny("sr_ste", seed=seed)) for seed in (1, 1, 2))
    assert one.result == again.result
    assert one.result["value"] != other.result["value"]


def test_recipes_begin_alike_and_read_the_same_data() -> None:
    """So that differences between recipes are paired."""
    names = ("dense", "one_shot", "step", "mdgf_exp", "wanda")
    losses = [train(tiny(name, steps=4)).history.rows[0]["loss"] for name in names]
    assert len(set(losses)) == 1


def test_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for count in ("1", "2", "3"):
        monkeypatch.setenv("NMSIM_THREADS", count)
        found.append(train(tiny("fst")))
    assert found[0].result == found[1].result == found[2].result
    assert found[0].history.rows == found[1].history.rows == found[2].history.rows


def test_a_run_off_the_main_thread_needs_no_signals() -> None:
    found: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: found.append(train(tiny("ste", steps=2)).result))
    thread.start()
    thread.join()
    assert found == [train(tiny("ste", steps=2)).result]


def test_ctrl_c_is_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    train(tiny("ste", steps=2))
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_twice_ends_at_once(tmp_path: Path) -> None:
    def press(step: int, _steps: int, _row: Row | None) -> None:
        if step == 3:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(tiny("ste"), out=tmp_path / "run", progress=press)
    assert read_run(tmp_path / "run")["step"] == 0, "nothing was saved"


def test_progress_is_told_every_step() -> None:
    told: list[tuple[int, int, bool]] = []
    train(tiny("ste", steps=4), progress=lambda step, steps, row: told.append((step, steps, row is not None)))
    assert told == [(1, 4, True), (2, 4, True), (3, 4, True), (4, 4, True)]


def test_a_checkpoint_is_written_once_in_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_module, "SAVED_EVERY", -1.0)
    seen: list[int] = []

    def look(step: int, _steps: int, _row: Row | None) -> None:
        seen.append(read_run(tmp_path / "run")["step"])

    train(tiny("ste", steps=4), out=tmp_path / "run", progress=look)
    assert seen == [0, 1, 2, 3]


@pytest.mark.parametrize("rate", [1e5])
def test_a_run_that_diverges_is_told_and_loadable(rate: float, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(InputError) as error:
        train(tiny("dense", rate=rate, optimizer="sgd", clip=0.0, schedule="constant", steps=50), out=folder)
    (problem,) = error.value.problems
    step = read_run(folder)["step"]
    assert problem.where == "rate"
    assert problem.what in (f"the loss is inf at step {step - 1}", f"the loss is nan at step {step - 1}")
    assert problem.right == "begin another run with a lower rate; the history until then is kept"
    assert read_run(folder)["result"] is None
    assert not load_trace(folder / "trace").complete
    assert 0 < step < 50


# Measuring.


def begun(choices: Choices, running: Any) -> Run:
    resolved = resolve(choices)
    return Run(resolved, Trainer(resolved.model, resolved.task, resolved.plan, running), None)


@pytest.mark.parametrize("name", RECIPES)
def test_measuring_changes_nothing_of_the_run(name: str) -> None:
    choices = tiny(name, steps=24 if name == "ac_dc" else 12)
    with parts() as running:
        plain, measured = begun(choices, running).trainer, begun(choices, running)
        trainer = measured.trainer
        for _ in range(choices.steps or 0):
            first = plain.advance()
            second = trainer.advance()
            assert first == second
            trainer.measure(measured.held_out, measured.sample)
        assert trainer.values.tobytes() == plain.values.tobytes()
        for one, two in zip(plain.optimizer.moments, trainer.optimizer.moments, strict=True):
            assert one.tobytes() == two.tobytes()
        for one_weight, two_weight in zip(plain.weights, trainer.weights, strict=True):
            assert np.array_equal(one_weight.mask, two_weight.mask)  # type: ignore[arg-type]
            assert np.array_equal(one_weight.second, two_weight.second)  # type: ignore[arg-type]


def test_a_measure_is_the_loss_of_the_network_on_the_batches() -> None:
    """A dense network, computed anew in float64 on whole batches."""
    with parts() as running:
        run = begun(tiny("dense", smoothing=0.0), running)
        for _ in range(3):
            run.trainer.advance()
        (tally,) = run.trainer.measure(run.held_out)
        whole = sum((run.trainer.passes(batch) for batch in run.held_out), Tally())
    assert tally.count == whole.count == 32 * 4
    assert mean_loss(tally) == pytest.approx(mean_loss(whole), rel=1e-6)


@pytest.mark.parametrize("name", ["one_shot", "wanda", "sparsegpt", "adaprune", "static", "gradual", "slope"])
def test_what_is_served_is_pruned(name: str) -> None:
    """One-shot conversions among them: what is measured is the network with the masks of the target."""
    with parts() as running:
        run = begun(tiny(name, pattern="2:4"), running)
        found = run.to_the_end(lambda: False)
        for weight in run.trainer.weights:
            assert weight.mask is not None
            assert not breaks(weight.mask, TWO_OF_FOUR, exactly=True)
            assert not weight.forward[~weight.mask].any()
    assert found.result["density"] == 0.5


@pytest.mark.parametrize("name", ["wanda", "sparsegpt"])
def test_pruning_after_training_costs_accuracy_and_no_training(name: str) -> None:
    pruned, dense = train(tiny(name, steps=200)), train(tiny("dense", steps=200))
    trained, alike = (found.history.rows[-1]["held_out_loss"] for found in (pruned, dense))
    assert trained == pytest.approx(alike, rel=1e-3), "the norm to which gradients are clipped is rounded"
    assert pruned.result["held_out_loss"] > 1.05 * dense.result["held_out_loss"]
    assert {name: pruned.result[f"{name}_flops"] for name in CONVENTIONS} == {
        name: dense.result[f"{name}_flops"] for name in CONVENTIONS
    }


def test_fst_is_served_dense() -> None:
    found = train(tiny("fst"))
    assert found.result["density"] == 1.0
    assert found.result["value"] == found.history.rows[-1]["held_out_metric"]


def test_a_longer_run_is_so_many_times_as_long() -> None:
    assert train(tiny("ste", steps=3, longer=4)).result["steps"] == 12
