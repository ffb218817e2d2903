"""Compressed against dense products: `python -m benchmarks.products`.

ratio: the time of the compressed way, compression included, over that of the dense way, masking included: the
compressed way is the faster below 1. pack: the part of it that compresses. way: what `pays` chooses, marked
where it is the slower by more than a tenth. On a busy machine the ratios of one thread are the steadier ones
(NMSIM_THREADS=1 OPENBLAS_NUM_THREADS=1): threads of BLAS wait for each other.
"""

import argparse
from functools import partial

import numpy as np

from benchmarks.limits import fastest
from simulator.kernels.threads import threads
from simulator.mask.magnitude import select
from simulator.pattern import Pattern
from simulator.products import compress, multiply_compressed, multiply_dense, pays

PATTERNS = "2:4", "1:4", "1:8", "1:16", "1:32"
SIDES = (64, 64), (256, 256), (1024, 256), (256, 1024), (1024, 1024), (1024, 4096), (4096, 1024), (4096, 4096)


def measure(tokens: int, rows: int, length: int, rounds: int, turned: bool) -> None:
    """A line for each pattern."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((tokens, length), dtype=np.float32)
    for text in PATTERNS:
        weights = generator.standard_normal((rows, length), dtype=np.float32)
        if turned:
            weights = np.ascontiguousarray(weights.T).T
        mask = select(weights, Pattern.parse(text))
        mask = np.ascontiguousarray(mask.T).T if turned else mask
        packed = compress(weights, mask)
        least = fastest(
            {
                "dense": partial(multiply_dense, x, weights, mask),
                "pack": partial(compress, weights, mask),
                "multiply": partial(multiply_compressed, x, packed),
            },
            rounds=rounds,
        )
        ratio = (least["pack"] + least["multiply"]) / least["dense"]
        chosen = pays(tokens=tokens, rows=rows, length=length, kept=packed.values.size)
        way = "compressed" if chosen else "dense"
        mark = " !" if (ratio if chosen else 1 / ratio) > 1.1 else ""
        print(
            f"{tokens:7}{rows:6}{length:7}  {text:8}{least['dense'] * 1e3:9.3f}{ratio:8.2f}"
            f"{least['pack'] / least['dense']:8.2f}  {way}{mark}",
            flush=True,
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, nargs="*", default=[64, 256, 2048], help="default 64 256 2048")
    parser.add_argument("--most", type=int, default=4096, help="rows and length at most (default 4096)")
    parser.add_argument(
        "--rounds", type=int, default=10, help="how often each is timed; the least counts (default 10)"
    )
    parser.add_argument("--turned", action="store_true", help="transposed weights, as dX = dY W takes them")
    chosen = parser.parse_args()
    print(f"float32, {threads()} threads\n\n tokens  rows length  pattern dense ms   ratio    pack  way")
    for tokens in chosen.tokens:
        for rows, length in SIDES:
            if max(rows, length) <= chosen.most:
                measure(tokens, rows, length, chosen.rounds, chosen.turned)


if __name__ == "__main__":
    main()
