"""Masks that serve DGRAD too: transposable ones, or a second mask along the outputs."""

from workloads.training.face import Face
from workloads.training.recipe import Recipe

TRANSPOSABLE = Recipe(
    name="transposable",
    summary="one mask that is N:M along inputs and outputs, refreshed every 40 steps",
    paper="Hubara et al.: Accelerated Sparse Neural Training, arXiv:2102.08124",
    face=Face(forward=True, dgrad="outputs", wgrad="dense", select_every=40, selector="transposable"),
)
BI_MASK = Recipe(
    name="bi_mask",
    summary="sr_ste in FWD; DGRAD has its own mask, refreshed every 100 steps over 100 permutations",
    paper="Zhang et al.: Bi-directional Masks for Efficient N:M Sparse Training, arXiv:2302.06058",
    face=Face(
        forward=True,
        dgrad="outputs",
        wgrad="dense",
        select_every=1,
        second_every=100,
        second_selector="permuted",
    ),
)
