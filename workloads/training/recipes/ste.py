"""STE and SR-STE: masks move at every step, and pruned weights keep their gradients."""

from workloads.training.face import Face
from workloads.training.recipe import Recipe

STRAIGHT_THROUGH = Face(forward=True, dgrad="inputs", wgrad="dense", select_every=1)
"""Masked weights in FWD and DGRAD; WGRAD is dense, because pruned weights need gradients to come back."""

STE = Recipe(
    name="ste",
    summary="magnitude masks at every step, straight-through gradients to pruned weights",
    paper="Bengio, Leonard, Courville: Estimating or Propagating Gradients, arXiv:1308.3432",
    face=STRAIGHT_THROUGH,
)
SR_STE = Recipe(
    name="sr_ste",
    summary="ste with a decay on pruned weights, which calms the masks",
    paper="Zhou et al.: Learning N:M Fine-grained Structured Sparse Networks, arXiv:2102.04010",
    face=STRAIGHT_THROUGH,
)
