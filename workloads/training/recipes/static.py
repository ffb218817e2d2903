"""Static sparsity: a fixed mask from initialisation."""

from dataclasses import replace

from workloads.training.face import Face
from workloads.training.recipe import Recipe

FIXED = Face(forward=True, dgrad="inputs", wgrad="kept", kept_state=True)
"""Masked weights in FWD and DGRAD; only kept weights have gradients and state, so the masks stand still."""

STATIC = Recipe(
    name="static",
    summary="a random mask from initialisation, never changed",
    paper="Evci et al.: Rigging the Lottery, arXiv:1911.11134 (baseline Static)",
    face=replace(FIXED, selector="random"),
)
