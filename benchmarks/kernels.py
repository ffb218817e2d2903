"""Masks and updates against the limit of the machine and against PyTorch: `python -m benchmarks.kernels`.

ratio: the time of the limit over ours (1.0 is as fast as memory). torch: the time of the best of several
idioms over ours; any: that of the best, where idioms count that keep too many of equal magnitudes. half-zero:
our time where half of the values are 0, over that for random values. Goals are what this design should reach.
"""

import argparse
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.limits import Run, fastest, read_write, spreading, triad
from simulator.kernels.threads import threads
from simulator.mask.apply import masked, masked_decay
from simulator.mask.magnitude import prune, prune_decay, select
from simulator.pattern import Pattern

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

MASKS = {
    "2:4": 0.80,
    "1:4": 0.80,
    "4:8": 0.80,
    "2:8": 0.80,
    "1:8": 0.80,
    "1:16": 0.80,
    "1:32": 0.80,
    "8:16": 0.65,
    "8:32": 0.65,
}


TOO_MANY = "compare"


def measure_masks(size: int, rounds: int) -> None:
    """A line for each pattern."""
    random = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    half = random * (np.random.default_rng(1).random(random.shape) < 0.5)
    out = np.empty(random.shape, np.bool_)
    limit = spreading(read_write, random.ravel(), out.view(np.uint8).ravel())
    print(f"{'mask':10}{'ms':>8}{'ratio':>8}{'goal':>6}{'half-zero':>11}{'torch':>8}{'any':>8}  best idioms")
    for text, goal in MASKS.items():
        pattern = Pattern.parse(text)
        least = fastest(
            {
                "limit": limit,
                "ours": partial(select, random, pattern, out=out),
                "half": partial(select, half, pattern, out=out),
            },
            rounds=rounds,
        )
        idioms = mask_idioms(random, pattern)
        exact = {name: run for name, run in idioms.items() if not name.endswith(TOO_MANY)}
        (peer, idiom), (quick, quicker) = _best_idiom(exact), _best_idiom(idioms)
        print(
            f"{text:10}{least['ours'] * 1e3:8.2f}{least['limit'] / least['ours']:8.2f}{goal:6.2f}"
            f"{least['half'] / least['ours']:11.2f}{peer / least['ours']:8.1f}{quick / least['ours']:8.1f}"
            f"  {idiom}{f' | {quicker}' if quicker != idiom else ''}",
            flush=True,
        )


def measure_updates(size: int, rounds: int) -> None:
    """A line for each stream; the ratio is of bytes a second to those of a triad."""
    generator = np.random.default_rng(0)
    weights, gradient = (generator.standard_normal((size, size), dtype=np.float32) for _ in range(2))
    pattern = Pattern(kept=2, group=4)
    mask, out = select(weights, pattern), np.empty_like(weights)
    limit = spreading(triad, weights.ravel(), gradient.ravel(), np.float32(0.5), out.ravel())
    ours: dict[str, tuple[int, Run, dict[str, Run]]] = {
        "masked": (9, partial(masked, weights, mask, out=out), masked_idioms(weights, mask, 0.0)),
        "faded": (9, partial(masked, weights, mask, fade=0.3, out=out), masked_idioms(weights, mask, 0.3)),
        "masked_decay": (
            13,
            partial(masked_decay, gradient, weights, mask, strength=2e-4, out=out),
            decay_idioms(gradient, weights, mask),
        ),
        "prune": (8, partial(prune, weights, pattern, out=out), prune_idioms(weights, pattern, 0.0)),
        "prune, faded": (
            8,
            partial(prune, weights, pattern, fade=0.3, out=out),
            prune_idioms(weights, pattern, 0.3),
        ),
        "prune_decay": (
            12,
            partial(prune_decay, gradient, weights, pattern, strength=2e-4, out=out),
            prune_decay_idioms(gradient, weights, pattern),
        ),
    }
    print(f"\n{'update':14}{'ms':>8}{'ratio':>8}{'goal':>6}{'torch':>8}  best idiom")
    for name, (moved, run, idioms) in ours.items():
        least = fastest({"limit": limit, "ours": run}, rounds=rounds)
        peer, idiom = _best_idiom(idioms)
        ratio = least["limit"] / 12 * moved / least["ours"]
        print(
            f"{name:14}{least['ours'] * 1e3:8.2f}{ratio:8.2f}{0.85:6.2f}{peer / least['ours']:8.1f}  {idiom}",
            flush=True,
        )


def _best_idiom(idioms: dict[str, Run]) -> tuple[float, str]:
    if not idioms:
        return float("nan"), "torch is not installed: pip install nmsim[bench]"
    least = fastest(idioms, rounds=3)
    return min((seconds, name) for name, seconds in least.items())


def mask_idioms(scores: np.ndarray, pattern: Pattern) -> dict[str, Run]:
    """What people write; what compares keeps too many where magnitudes are equal."""
    if torch is None:
        return {}
    groups = torch.from_numpy(scores).view(-1, pattern.group)
    kept, group = pattern.kept, pattern.group

    def scattered(indices: Callable[[], "torch.Tensor"]) -> Run:
        return lambda: torch.zeros(groups.shape, dtype=torch.bool).scatter_(1, indices(), True)

    idioms: dict[str, Run] = {
        "topk, scatter": scattered(lambda: groups.abs().topk(kept, dim=1, sorted=False).indices),
        "argsort, scatter": scattered(lambda: groups.abs().argsort(dim=1)[:, group - kept :]),
        "kthvalue, compare": lambda: (
            lambda a: a >= a.kthvalue(group - kept + 1, dim=1, keepdim=True).values
        )(groups.abs()),
        "sort, compare": lambda: (lambda a: a >= a.sort(dim=1).values[:, group - kept, None])(groups.abs()),
    }
    if kept == 1:
        idioms["argmax, scatter"] = scattered(lambda: groups.abs().argmax(dim=1, keepdim=True))
        idioms["amax, compare"] = lambda: (lambda a: a >= a.amax(dim=1, keepdim=True))(groups.abs())
    return idioms


def _torch_mask(weights: "torch.Tensor", pattern: Pattern) -> "torch.Tensor":
    groups = weights.view(-1, pattern.group)
    mask = torch.zeros(groups.shape, dtype=torch.bool)
    return mask.scatter_(1, groups.abs().topk(pattern.kept, dim=1, sorted=False).indices, True).view_as(
        weights
    )


def masked_idioms(weights: np.ndarray, mask: np.ndarray, fade: float) -> dict[str, Run]:
    """W * (mask + (1 - mask) * fade), with the mask at hand."""
    if torch is None:
        return {}
    w, m = torch.from_numpy(weights), torch.from_numpy(mask)
    real = m.float()
    if not fade:
        return {
            "w * m": lambda: w * m,
            "w * float mask": lambda: w * real,
            "where": lambda: torch.where(m, w, 0.0),
        }
    return {
        "where": lambda: torch.where(m, w, w * fade),
        "w * (m + (1 - m) * fade)": lambda: w * (real + (1 - real) * fade),
    }


def decay_idioms(gradient: np.ndarray, weights: np.ndarray, mask: np.ndarray) -> dict[str, Run]:
    """Gradient + strength * (1 - mask) * W, with the mask at hand."""
    if torch is None:
        return {}
    g, w, m = torch.from_numpy(gradient), torch.from_numpy(weights), torch.from_numpy(mask)
    real = m.float()
    return {
        "g + s * (1 - m) * w": lambda: g + 2e-4 * (1 - real) * w,
        "g.add((~m) * w, alpha=s)": lambda: g.add(~m * w, alpha=2e-4),
        "addcmul": lambda: torch.addcmul(g, w, 1 - real, value=2e-4),
    }


def prune_idioms(weights: np.ndarray, pattern: Pattern, fade: float) -> dict[str, Run]:
    """The mask, then the weights under it."""
    if torch is None:
        return {}
    w = torch.from_numpy(weights)
    if not fade:
        return {"topk, w * m": lambda: w * _torch_mask(w, pattern)}
    return {"topk, where": lambda: torch.where(_torch_mask(w, pattern), w, w * fade)}


def prune_decay_idioms(gradient: np.ndarray, weights: np.ndarray, pattern: Pattern) -> dict[str, Run]:
    """The mask, then the gradient under it."""
    if torch is None:
        return {}
    g, w = torch.from_numpy(gradient), torch.from_numpy(weights)
    return {"topk, add": lambda: g.add(~_torch_mask(w, pattern) * w, alpha=2e-4)}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=4096, help="rows and columns (default 4096)")
    parser.add_argument(
        "--rounds", type=int, default=30, help="how often each is timed; the least counts (default 30)"
    )
    chosen = parser.parse_args()
    if torch is not None:
        torch.set_num_threads(threads())
    print(f"{chosen.size} x {chosen.size} float32, {threads()} threads\n")
    measure_masks(chosen.size, chosen.rounds)
    measure_updates(chosen.size, chosen.rounds)


if __name__ == "__main__":
    main()
