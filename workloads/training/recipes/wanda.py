"""Wanda: prune a trained network by |weight| times the norm of its input."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workloads.training.moment import Moment
from workloads.training.recipes.after import AfterTraining
from workloads.training.recipes.static import FIXED

if TYPE_CHECKING:
    from workloads.training.emulator.weight import Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class InputNorms(AfterTraining):
    """Keep the weights of largest |W_ij| ||X_j||_2; they are not changed."""

    def select(self, weight: "Weight", at: Moment) -> None:
        """The mask of the largest scores, which of an unstructured target are compared within each output."""
        norms = np.linalg.norm(weight.inputs(self.samples).astype(np.float64), axis=0)
        weight.select_scored(np.abs(weight.values) * norms, at.target)


WANDA = InputNorms(
    name="wanda",
    summary="dense training; pruned at the end by |weight| times the norm of its input",
    paper="Sun et al.: A Simple and Effective Pruning Approach for Large Language Models, arXiv:2306.11695",
    face=FIXED,
)
