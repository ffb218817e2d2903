"""A sweep of toy points that writes what a real one does: the store, then its tables.

python -m tests.analysis.sweep.tiny_sweep OUT POINTS [SCHEDULER]
"""

import hashlib
import os
import signal
import sys
import time
from pathlib import Path

from analysis.sweep.drive import driven
from analysis.sweep.store import Store
from analysis.sweep.values import canonical
from simulator.atomic import write_file

TAKES = 0.01  # seconds a point
RAISER, KILLER = 17, 97


def evaluate(point: int) -> tuple[str, dict[str, object]]:
    """One point in 50 is refused, one raises, and one kills its worker."""
    time.sleep(TAKES)
    if point == KILLER:
        os.kill(os.getpid(), signal.SIGKILL)
    if point == RAISER:
        raise ValueError("seventeen")
    if point % 50 == 1:
        return "refused", {"why": "one too many"}
    return "done", {"seconds": point * 0.1, "cycles": point**5}


def key_of(point: int) -> str:
    return hashlib.sha256(str(point).encode()).hexdigest()


def sweep(out: Path, count: int, scheduler: str | None) -> None:
    points = [(key_of(point), point) for point in range(count)]
    with (
        Store.opened(out / "sweep.db", identity={"points": count}) as store,
        driven(evaluate, store, workers=2, scheduler=scheduler) as drive,
    ):
        found = drive.evaluate(points)
        rows = [f"{point},{found[key].state},{canonical(found[key].value)}\n" for key, point in points]
        write_file(out / "sweep.json", canonical({"points": len(rows)}).encode())
        write_file(out / "points.csv", "".join(rows).encode())


if __name__ == "__main__":
    from tests.analysis.sweep import tiny_sweep  # where workers find it

    tiny_sweep.sweep(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
