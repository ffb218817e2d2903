"""Fidelity `cycle` against the reference systolic simulator: `python -m benchmarks.systolic_peer -h`.

Both sides run the same Gemm on the same array, in turns in one run, without overlap between folds. Ours must
take one cycle more than theirs, who print the index of the last one. Rates are thousand simulated cycles a
second, of one thread and once compiled; the least time counts, but for `whole`, which is slow and runs once:

whole: theirs, without traces: the addresses that the array wants in each cycle, served by memories.
array: theirs, the addresses alone: no memories, no values, no registers but those at the edges.
ours: values move through every register and are multiplied; no memories.

The ratios are ours over each. The peer needs an environment of its own: `pip install scalesim "numpy<2.4"`.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks.limits import fastest
from simulator.cycle import simulate_array
from simulator.folds import Core

CASES = {
    16: [(128, 128, 128), (50, 33, 100)],
    32: [(256, 256, 256), (197, 96, 100)],
    128: [(512, 512, 512), (197, 300, 300)],
}
DATAFLOWS = ("ws", "is", "os")  # as the peer calls Core's, in the same order
SIDE = Path(__file__).with_name("systolic_peer_side.py")


class Peer:
    """A process of the peer's interpreter that answers cases."""

    def __init__(self, process: subprocess.Popen[str], said: IO[str]) -> None:
        self._process, self._said = process, said
        self.import_seconds = self._answer()["import"]

    def run(self, **case: object) -> Any:
        """Their cycles, and the seconds of each way of theirs."""
        assert self._process.stdin is not None
        print(json.dumps(case), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._said.seek(0)
            raise SystemExit(f"the peer ended; it said:\n{self._said.read()[-2000:]}")
        return json.loads(line)


@contextmanager
def started(python: str) -> Iterator[Peer]:
    """A peer that ends with the block."""
    with tempfile.TemporaryFile("w+") as said:
        command = [python, str(SIDE)]
        with subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
        ) as process:
            yield Peer(process, said)


def measure(peer: Peer, size: int, gemm: tuple[int, int, int], rounds: int) -> None:
    """A line for each dataflow."""
    m, n, k = gemm
    generator = np.random.default_rng(0)
    a, b = (generator.standard_normal(shape, dtype=np.float32) for shape in ((m, k), (k, n)))
    for at, dataflow in enumerate(DATAFLOWS):
        theirs = peer.run(rows=size, columns=size, dataflow=dataflow, m=m, n=n, k=k, rounds=rounds)
        core = Core(dataflow=at, rows=size, columns=size, lanes=1, overlap=False)
        cycles = simulate_array(a, b, core).cycles
        if theirs["stalls"] or not cycles == theirs["cycles"] + 1 == theirs["steps"]:
            raise SystemExit(
                f"{size} x {size} {dataflow} {gemm}: ours takes {cycles} cycles, theirs {theirs}"
            )
        ours = fastest({"ours": partial(simulate_array, a, b, core)}, rounds=rounds)["ours"]
        rates = [cycles / seconds / 1e3 for seconds in (theirs["whole"], theirs["array"], ours)]
        print(
            f"{f'{size} x {size}':12}{dataflow:6}{f'{m} x {n} x {k}':18}{cycles:9}"
            f"{rates[0]:9.1f}{rates[1]:9.0f}{rates[2]:9.0f}"
            f"{rates[2] / rates[0]:12.0f}{rates[2] / rates[1]:12.2f}",
            flush=True,
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", required=True, help="an interpreter that has scalesim")
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[*CASES], choices=[*CASES], help="default all"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often array and ours are timed (default 3)"
    )
    chosen = parser.parse_args()
    with started(chosen.peer_python) as peer:
        print(f"the peer is imported in {peer.import_seconds:.2f} s, which no rate counts\n")
        print(
            f"{'array':12}{'flow':6}{'m x n x k':18}{'cycles':>9}"
            f"{'whole':>9}{'array':>9}{'ours':>9}{'ours/whole':>12}{'ours/array':>12}"
        )
        for size in chosen.sizes:
            for gemm in CASES[size]:
                measure(peer, size, gemm, chosen.rounds)


if __name__ == "__main__":
    main()
