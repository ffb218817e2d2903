"""Packing against the limit of the machine: `python -m benchmarks.packing`.

The limit is a loop that reads and writes as many bytes as the packing must. ratio: the time of the limit over
ours, over an earlier result (1.0 is as fast as memory). new: the same where each result takes new memory.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.limits import Run, fastest, spreading
from simulator.kernels.compile import kernel
from simulator.kernels.threads import threads
from simulator.mask.magnitude import prune, select
from simulator.packing import pack, prune_and_pack, unpack
from simulator.pattern import Pattern

FAST = ("2:4", "1:4", "4:8", "1:8")
"""As coordinates, by vector code."""
ANY = [
    ("8:16", "coordinate"),
    ("2:4", "bitmask"),
    ("2:4", "combinatorial"),
    ("2:4", "csr"),
    ("4:8", "combinatorial"),
]
"""By the kernels that take any pattern and format."""
GOALS = {True: 0.8, False: 0.2}
"""A goal: what this design should reach, by vector code and without."""
STEP = 4096  # values: what one step of the loops below moves stays in the fastest cache


@kernel
def fold(values: Any, keys: Any, out: Any, metadata: Any, first: int, last: int) -> None:
    """Read all values and keys, write all of a smaller `out` and `metadata`; keys and metadata in eights."""
    share, part = out.size * STEP // values.size, keys.size * STEP // values.size
    fields = metadata.size * STEP // values.size
    for step in range(first, last):
        for i in range(np.uint64(share)):
            out[np.uint64(step * share) + i] = values[np.uint64(step * STEP) + i]
        for piece in range(1, STEP // share):
            for i in range(np.uint64(share)):
                out[np.uint64(step * share) + i] ^= values[np.uint64(step * STEP + piece * share) + i]
        seen = np.uint64(0)
        for i in range(np.uint64(part)):
            seen ^= keys[np.uint64(step * part) + i]
        for i in range(np.uint64(fields)):
            metadata[np.uint64(step * fields) + i] = seen


@kernel
def unfold(packed: Any, metadata: Any, out: Any, first: int, last: int) -> None:
    """Read all values and metadata, in eights, and write all of a larger `out`."""
    share, fields = packed.size * STEP // out.size, metadata.size * STEP // out.size
    for step in range(first, last):
        seen = np.uint64(0)
        for i in range(np.uint64(fields)):
            seen ^= metadata[np.uint64(step * fields) + i]
        for piece in range(STEP // share):
            for i in range(np.uint64(share)):
                out[np.uint64(step * STEP + piece * share) + i] = packed[np.uint64(step * share) + i]
        out[step * STEP] ^= np.uint32(seen)


def measure(pattern: Pattern, form: str, *, size: int, rounds: int) -> dict[str, dict[str, float]]:
    """For each verb the seconds of the limit, of ours over an earlier result, and of ours in new memory."""
    weights = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    mask, pruned = select(weights, pattern), prune(weights, pattern)
    packed, room, whole = (
        pack(pruned, pattern, form=form),
        pack(pruned, pattern, form=form),
        np.empty_like(weights),
    )
    stored, fields = packed.values.view(np.uint32).copy(), np.zeros(packed.metadata.size // 8, np.uint64)
    flat, keys, none = (each.reshape(-1) for each in (weights.view(np.uint32), mask, np.zeros(0, np.uint64)))
    folded, masked = (
        spreading(fold, flat, each, stored, fields, size=flat.size, step=STEP)
        for each in (none, keys.view(np.uint64))
    )
    unfolded = spreading(unfold, stored, fields, whole.view(np.uint32).reshape(-1), step=STEP)
    verbs: dict[str, tuple[Run, Callable[..., object], object]] = {
        "pack": (folded, partial(pack, pruned, pattern, form=form), room),
        "pack by a mask": (masked, partial(pack, pruned, pattern, form=form, mask=mask), room),
        "prune and pack": (folded, partial(prune_and_pack, weights, pattern, form=form), room),
        "unpack": (unfolded, partial(unpack, packed), whole),
    }
    return {
        name: fastest({"limit": limit, "ours": partial(run, out=out), "new": run}, rounds=rounds)
        for name, (limit, run, out) in verbs.items()
    }


def main() -> None:
    """Print a line for each verb, pattern and format."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--size", type=int, default=4096, help="rows and columns, a multiple of 64 (default 4096)"
    )
    parser.add_argument(
        "--rounds", type=int, default=20, help="how often each is timed; the least counts (default 20)"
    )
    chosen = parser.parse_args()
    print(f"{chosen.size} x {chosen.size} float32, {threads()} threads\n")
    print(f"{'':6}{'':15}{'':16}{'ms':>8}{'ratio':>8}{'goal':>6}{'new':>8}")
    for text, form in [*((text, "coordinate") for text in FAST), *ANY]:
        goal = GOALS[form == "coordinate" and text in FAST]
        for name, least in measure(Pattern.parse(text), form, size=chosen.size, rounds=chosen.rounds).items():
            ratio, new = (least["limit"] / least[key] for key in ("ours", "new"))
            print(
                f"{text:6}{form:15}{name:16}{least['ours'] * 1e3:8.2f}{ratio:8.2f}{goal:6.2f}{new:8.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
