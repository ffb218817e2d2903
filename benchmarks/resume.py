"""How long a sweep of 10,000 known points takes to go on: `python -m benchmarks.resume`.

The whole command, from the start of the interpreter to the table: the space is read and checked, the store
opened and verified row by row, the points are ranked and points.csv is written anew. Nothing is evaluated, so
the metrics are made up. The least of several rounds counts, in seconds and in seconds of the processor.
"""

import os
import subprocess
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from analysis.sweep.evaluate import Designs
from analysis.sweep.identity import POINTS, STORE, identity_of
from analysis.sweep.metrics import METRICS
from analysis.sweep.points import chosen_points
from analysis.sweep.space import load_space
from analysis.sweep.store import DONE, Row, Store

GOAL = 2.0
ROUNDS = 7
SPACE = """\
spec: 1
name: ten thousand
arch: a100
workload: {network: vit_b16, recipe: sr_ste, pattern: 2:4, batch: 64}
axes:
  core.array.rows: [4, 8, 12, 16, 20]
  core.array.columns: [2, 4, 6, 8, 10]
  cores: {from: 108, to: 1080, step: 108}
  memory.dram.bandwidth: {from: 400 GB/s, to: 3200 GB/s, points: 10, scale: log}
  memory.l2.capacity: [10 MiB, 20 MiB, 40 MiB, 80 MiB]
objectives: [seconds, energy, area]
constraints: [area <= 200 mm^2]
"""


def fill(space: Path, folder: Path) -> int:
    """Store made-up metrics for every point of a space; how many there are."""
    loaded, random = load_space(space), Random(0)
    designs = Designs(loaded)
    folder.mkdir()
    rows = [
        Row(designs.of(point)[0], DONE, {name: random.uniform(1, 300) for name in METRICS})
        for point in chosen_points(loaded)
    ]
    with Store.opened(folder / STORE, identity=identity_of(loaded)) as store:
        store.add(rows)
    return len(rows)


def main() -> None:
    """Print the least time of the command, and its ratio to the goal."""
    with TemporaryDirectory() as scratch:
        space, folder = Path(scratch) / "space.yaml", Path(scratch) / "out"
        space.write_text(SPACE)
        points = fill(space, folder)
        script = "import sys; from analysis.cli import run; sys.exit(run(sys.argv[1:]))"
        command = [sys.executable, "-c", script, "sweep", str(space), "--out", str(folder)]
        walls, used = [], []
        for _ in range(ROUNDS):
            (folder / POINTS).unlink(missing_ok=True)
            before, start = os.times(), perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            walls.append(perf_counter() - start)
            after = os.times()
            used.append(sum(after[2:4]) - sum(before[2:4]))
        assert (folder / POINTS).read_text().count("\n") == points + 1
    wall = min(walls)
    print(f"{points} points: {wall:.2f} s, {min(used):.2f} s of the processor; {wall / GOAL:.2f} of the goal")


if __name__ == "__main__":
    main()
