"""History: what a run looked like while it trained, as rows that a table or a plot takes."""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any

from simulator.mask import sad
from simulator.notebook import counted, line
from workloads.training.emulator.losses import mean_loss
from workloads.training.emulator.trainer import Stepped, Trainer
from workloads.training.emulator.weight import Mask

Row = dict[str, Any]
Masks = dict[str, Mask | None]


class History:
    """Rows of the run, of each weight that follows the recipe (`weights`), and of gradient `noise`.

    `flip_rate` is the share of a weight's mask that differs from that of the step before, `sad` how many
    places of it differ from that of the last row: 0 where one of the two has no mask.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.weights: list[Row] = []
        self.noise: list[Row] = []
        self.logged: Masks = {}
        self.before: Masks = {}

    def __repr__(self) -> str:
        if not self.rows:
            return line("History", "empty", counted(0, "row"))
        last = self.rows[-1]
        facts = (f"{name} {last[name]:.4g}" for name in ("loss", "density"))
        return line("History", f"to step {last['step']}", counted(len(self.rows), "row"), *facts)

    def log(self, trainer: Trainer, step: int, stepped: Stepped, flops: dict[str, int]) -> Row:
        """Add the row of a step that was just taken, with what the run came to so far."""
        own = [self._weight(trainer, index, step) for index in range(len(trainer.weights))]
        self.weights += own
        sizes = [weight.values.size for weight in trainer.weights]
        total = sum(sizes)
        row: Row = {
            "step": step,
            "loss": mean_loss(stepped.tally),
            "rate": stepped.rate,
            "norm": stepped.norm,
        }
        for name in ("density", "flip_rate"):
            parts = (each[name] * size for each, size in zip(own, sizes, strict=True))
            row[name] = sum(parts) / total if total else (1.0 if name == "density" else 0.0)
        row["sad"] = sum(each["sad"] for each in own)
        row |= {f"{name}_flops": cost for name, cost in flops.items()}
        self.rows.append(row)
        self.logged = dict(trainer.masks)
        return row

    def _weight(self, trainer: Trainer, index: int, step: int) -> Row:
        weight = trainer.weights[index]
        now = trainer.masks.get(weight.name)
        flips = _differing(self.before.get(weight.name), now)
        return {
            "step": step,
            "weight": weight.name,
            "density": weight.density,
            "flip_rate": flips / weight.values.size,
            "sad": _differing(self.logged.get(weight.name), now),
        }


def _differing(before: Mask | None, after: Mask | None) -> int:
    if before is None or after is None or before is after:
        return 0
    return sad(before, after)


def csv_text(rows: Sequence[Row]) -> str:
    """Rows as CSV; a row without a column has it empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
    return text.getvalue()
