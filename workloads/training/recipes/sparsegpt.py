"""SparseGPT: prune a trained network column by column, and let the weights that are left make up for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.pattern import Pattern
from workloads.training.moment import Moment
from workloads.training.recipe import ranged
from workloads.training.recipes.after import AfterTraining
from workloads.training.recipes.static import FIXED
from workloads.training.unstructured import Target

if TYPE_CHECKING:
    from workloads.training.emulator.weight import Weight

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrainSurgeon(AfterTraining):
    """Columns are settled from left to right: each error is made up for by the columns to the right of it.

    H = X^T X + `damping` mean(diag) I, and U is the upper Cholesky factor of its inverse. The score of a
    weight is w^2 / U_jj^2, taken when the first column of its group is reached; for an unstructured target
    when that of its block of `block` columns is, within the block, as the published code does.
    """

    damping: float = ranged(0.01, 1e-9, 1e6)
    block: int = ranged(128, 1, 1 << 20)

    def select(self, weight: "Weight", at: Moment) -> None:
        """The mask, with the weights that are left changed."""
        values, mask = pruned(
            weight.values.astype(np.float64),
            weight.inputs(self.samples).astype(np.float64),
            at.target,
            damping=self.damping,
            block=self.block,
        )
        weight.mask = mask
        weight.values[...] = values


def pruned(
    values: Matrix, inputs: Matrix, target: Target, *, damping: float, block: int
) -> tuple[Matrix, NDArray[np.bool_]]:
    """The weights that are left, and where: `values` (outputs, inputs), `inputs` (rows, inputs)."""
    left, mask = values.copy(), np.ones(values.shape, np.bool_)
    left[:, ~inputs.any(axis=0)] = 0.0  # what reads an input that is never there is worth nothing
    upper = _factor(inputs, damping)
    width = target.group if isinstance(target, Pattern) else block
    for start in range(0, left.shape[1], width):
        columns = slice(start, min(start + width, left.shape[1]))
        scores = np.square(left[:, columns] / np.diag(upper)[columns])
        mask[:, columns] = _largest(scores, target)
        for j in range(columns.start, columns.stop):
            errors = np.where(mask[:, j], 0.0, left[:, j]) / upper[j, j]
            left[:, j:] -= np.outer(errors, upper[j, j:])
    return np.where(mask, left, 0.0), mask


def _factor(inputs: Matrix, damping: float) -> Matrix:
    """The upper Cholesky factor U of the inverse of the damped H: H^-1 = U^T U."""
    hessian = inputs.T @ inputs
    unused = np.diag(hessian) == 0
    hessian[unused, unused] = 1.0
    hessian[np.diag_indices_from(hessian)] += damping * np.diag(hessian).mean()
    upper: Matrix = np.linalg.cholesky(np.linalg.inv(hessian)).T
    return upper


def _largest(scores: Matrix, target: Target) -> NDArray[np.bool_]:
    """The largest scores of each row's group, or of all; of equal ones the lowest index."""
    flat = scores if isinstance(target, Pattern) else scores.reshape(1, -1)
    kept = min(target.kept, flat.shape[1]) if isinstance(target, Pattern) else target.kept_of(flat.size)
    order = np.argsort(-flat, axis=1, kind="stable")
    mask = np.zeros(flat.shape, np.bool_)
    np.put_along_axis(mask, order[:, :kept], True, axis=1)
    return mask.reshape(scores.shape)


SPARSEGPT = BrainSurgeon(
    name="sparsegpt",
    summary="dense training; pruned at the end, and the weights that are left make up for it",
    paper="Frantar, Alistarh: SparseGPT, arXiv:2301.00774",
    face=FIXED,
)
