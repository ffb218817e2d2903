"""Pruning of a trained weight W (outputs x inputs) on inputs X (samples x inputs), and PFP's law."""

from collections.abc import Sequence
from math import ceil, log
from typing import Literal

import numpy as np

from simulator.pattern import Pattern
from tests.oracles.recipes_masks import Array, Mask


def wanda_scores(weight: Array, inputs: Array) -> Array:
    """|W_ij| times the Euclidean norm of input j over the samples; its mask is `magnitude` of these."""
    scores = np.zeros(weight.shape)
    for i, j in np.ndindex(*weight.shape):
        scores[i, j] = abs(weight[i, j]) * sum(float(x) ** 2 for x in inputs[:, j]) ** 0.5
    return scores


def sparse_gpt(
    weight: Array,
    inputs: Array,
    pattern: Pattern,
    *,
    damp: float = 0.01,
    score: Literal["own", "start"] = "own",
) -> tuple[Array, Mask]:
    """The pruned and corrected weights and their mask: OBS, one input after another.

    H = X^T X + damp mean(diag) I. An input that is 0 in all samples has H_jj = 1 and weights of 0. At the
    first input of each group the mask of the group is chosen: the largest w_j^2 / d_j are kept, with the
    weights as corrected so far. d_j is ((H from j on)^-1)_jj ("own", as the published code has it from its
    Cholesky factor U: U_jj^2), or ((H from the group's first input on)^-1)_jj ("start", the definition).
    Then each pruned w_j is spread over the inputs from j on: w -= w_j / d_j ((H from j on)^-1)_j.
    """
    rows, columns = weight.shape
    left, mask = np.array(weight, np.float64), np.ones((rows, columns), np.bool_)
    hessian = inputs.T @ inputs
    dead = np.diag(hessian) == 0
    hessian[dead, dead] = 1.0
    left[:, dead] = 0.0
    hessian += damp * np.diag(hessian).mean() * np.eye(columns)

    def inverse(first: int) -> Array:
        return np.asarray(np.linalg.inv(hessian[first:, first:]))

    for j in range(columns):
        if j % pattern.group == 0:
            group = range(j, min(j + pattern.group, columns))
            at_start = np.diag(inverse(j))
            spent = [inverse(at)[0, 0] if score == "own" else at_start[at - j] for at in group]
            for row in range(rows):
                worth = [left[row, at] ** 2 / own for at, own in zip(group, spent, strict=True)]
                kept = sorted(group, key=lambda at: (-worth[at - j], at))[: pattern.kept]
                mask[row, j : j + len(group)] = [at in kept for at in group]
        rest = inverse(j)
        for row in range(rows):
            if not mask[row, j]:
                left[row, j:] -= left[row, j] / rest[0, 0] * rest[0]
                left[row, j] = 0.0
    return left, mask


def ada_prune(weight: Array, inputs: Array, mask: Mask, *, teacher: Array | None = None) -> Array:
    """The W' under the mask with the least |X W^T - X (m W')^T|^2, row by row: what Adam approaches.

    `teacher` is the weight whose outputs are to be met, by default W itself. The kept inputs of a row should
    be independent over the samples, or there are many least ones, and this is the smallest.
    """
    result = np.zeros(weight.shape)
    for row in range(weight.shape[0]):
        kept = np.flatnonzero(mask[row])
        wanted = inputs @ (weight if teacher is None else teacher)[row]
        result[row, kept] = np.linalg.lstsq(inputs[:, kept], wanted, rcond=None)[0]
    return result


def absorbed(weight: Array, mask: Mask, pattern: Pattern) -> Array:
    """Where AdaPrune starts: every kept weight, plus the mean of the pruned ones of its group."""
    result = np.where(mask, weight, 0.0)
    for row in range(weight.shape[0]):
        for start in range(0, weight.shape[1], pattern.group):
            group = range(start, min(start + pattern.group, weight.shape[1]))
            pruned = [weight[row, at] for at in group if not mask[row, at]]
            for at in group:
                if mask[row, at] and pruned:
                    result[row, at] += sum(pruned) / len(pruned)
    return result


def sensitivities(weight: Array, inputs: Array) -> Array:
    """PFP: s_j = max over samples and outputs of the share of input j in the positive or the negative sum.

    With z+ the sum of the positive w_ij a_j and z- of the negative: max(w+ a / z+, w- a / z-), 0 of no sum.
    """
    result = np.zeros(weight.shape[1])
    for sample in inputs:
        for row in weight:
            parts = [float(w * a) for w, a in zip(row, sample, strict=True)]
            for sign in (1, -1):
                total = sum(sign * part for part in parts if sign * part > 0)
                for j, part in enumerate(parts):
                    if sign * part > 0:
                        result[j] = max(result[j], sign * part / total)
    return result


def sampling_chances(sensitivity: Sequence[float]) -> list[float]:
    """p_j = s_j / sum of s."""
    return [s / sum(sensitivity) for s in sensitivity]


def sample_count(
    sensitivity: Sequence[float], *, eps: float, delta: float, patches: int, size: int, factor: float
) -> int:
    """m = ceil(K (6 + 2 eps) S / eps^2), K = 3, S = 2 factor log(8 (patches + 1) size / delta) sum of s.

    `factor` and `size` are the C and k of the published formula.
    """
    weighted = 2 * factor * log(8 * (patches + 1) * size / delta) * sum(sensitivity)
    return ceil(3 * (6 + 2 * eps) * weighted / eps**2)


def unique_expected(chances: Sequence[float], samples: int) -> float:
    """How many different ones `samples` draws with replacement find: sum of 1 - (1 - p)^m."""
    return sum(1 - (1 - p) ** samples for p in chances)
