"""Training steps against PyTorch's: `python -m benchmarks.training`.

Each side is a process of its own with two threads; they train in turns, a burst of steps each, and the
median over the bursts counts. Ours has the batch in two parts, with BLAS at one thread for each; theirs has
two threads (torch.set_num_threads). The models are the same, to the number of trained values, and so are
AdamW, clipping and the batch, which is drawn once.

speed-up: their time for a step over ours, above 1 where we are faster (goals: mlp 1.15, decoder 1.00).
masks: our time with N:M masks selected at every step (ste 2:4) over that of dense training (goal 1.10).
trace: our time with every product recorded over that without (goal 1.03).

The peer is optional: `pip install nmsim[bench]`.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from workloads.training.emulator.choices import Choices, resolve
from workloads.training.emulator.parts import parts
from workloads.training.emulator.recorder import Recorder
from workloads.training.emulator.trainer import Trainer

CASES: dict[str, dict[str, Any]] = {
    "mlp": {"task": "teacher", "batch": 64, "width": 64, "inner": 256, "depth": 2, "activation": "relu"},
    "mlp_large": {
        "task": "teacher",
        "batch": 256,
        "width": 128,
        "inner": 512,
        "depth": 2,
        "activation": "relu",
    },
    "decoder": {"task": "stdlib_chars", "batch": 64, "width": 64, "inner": 256, "depth": 2, "heads": 4},
}
WAYS: dict[str, dict[str, Any]] = {"dense": {}, "masks": {"recipe": "ste", "pattern": "2:4"}, "trace": {}}


class Side:
    """A process that trains `case` in bursts when it is told to."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.values = self.burst()["values"]

    def burst(self) -> Any:
        """What one burst says: seconds a step of each way, and the number of trained values."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def steps_of(case: str, way: str, running: Any) -> tuple[Callable[[], object], int]:
    """One training step of ours, and the number of trained values."""
    resolved = resolve(Choices(**CASES[case], **WAYS[way], steps=10**6))
    trainer = Trainer(resolved.model, resolved.task, resolved.plan, running)
    batch = resolved.task.batch(np.random.default_rng(0), resolved.plan.batch)
    trainer.task.batch = lambda *_: batch  # type: ignore[method-assign]
    recorder = Recorder(resolved.model.network, resolved.manner)

    def recorded() -> None:
        step = trainer.step
        stepped = trainer.advance()
        recorder.record(step, trainer.states(stepped))

    return (recorded if way == "trace" else trainer.advance), trainer.parameters.size


def ours(case: str, steps: int) -> None:
    """Our side: a burst for each line that is read."""
    with parts() as running:
        ways = {way: steps_of(case, way, running) for way in WAYS}
        for _ in sys.stdin:
            taken: dict[str, float] = {}
            for name, (step, values) in ways.items():
                taken[name] = timed(step, steps)
                taken["values"] = values
            print(json.dumps(taken), flush=True)


def timed(step: Callable[[], object], steps: int) -> float:
    """Seconds a step."""
    start = perf_counter()
    for _ in range(steps):
        step()
    return (perf_counter() - start) / steps


def compare(case: str, steps: int, bursts: int) -> None:
    """A line for one case."""
    us = Side([sys.executable, "-m", "benchmarks.training", "--side", case, "--steps", str(steps)])
    them = None
    if importlib.util.find_spec("torch"):
        them = Side([sys.executable, "-m", "benchmarks.training_peer", case, str(steps)])
        assert us.values == them.values, (us.values, them.values)
    rows = []
    for _ in range(bursts):
        row = us.burst()
        row["peer"] = them.burst()["dense"] if them else float("nan")
        rows.append(row)
    ratios = {
        "speed-up": [row["peer"] / row["dense"] for row in rows],
        "masks": [row["masks"] / row["dense"] for row in rows],
        "trace": [row["trace"] / row["dense"] for row in rows],
    }
    text = "".join(f"{median(each):10.3f}" for each in ratios.values())
    print(f"{case:10}{us.values:10}{median(row['dense'] for row in rows) * 1e3:10.2f}{text}", flush=True)
    for side in (us, them):
        if side is not None:
            side.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20, help="steps in a burst (default 20)")
    parser.add_argument("--bursts", type=int, default=15, help="bursts of each side (default 15)")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.side:
        ours(chosen.side, chosen.steps)
        return
    if not importlib.util.find_spec("torch"):
        print("no torch: its column is nan (pip install nmsim[bench])")
    print(f"{'model':10}{'values':>10}{'ms a step':>10}{'speed-up':>10}{'masks':>10}{'trace':>10}")
    for case in CASES:
        compare(case, chosen.steps, chosen.bursts)


if __name__ == "__main__":
    main()
