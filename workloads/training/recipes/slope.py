"""SLoPe: a fixed mask in FWD, and a second one of the masked weights in DGRAD.

The second mask prunes what the first one kept, so it is sparser than N:M; its cost is that of N:M. WGRAD is
computed dense and masked afterwards, as published; weights and state are those that the fixed mask keeps. The
low-rank adapters of the last 1 % of the run are left out.
"""

from workloads.training.face import Face
from workloads.training.recipe import Recipe

SLOPE = Recipe(
    name="slope",
    summary="a fixed random mask in FWD, a second mask in DGRAD refreshed every 100 steps",
    paper="Mozaffari et al.: SLoPe, arXiv:2405.16325",
    face=Face(
        forward=True,
        dgrad="outputs",
        wgrad="dense",
        selector="random",
        second_every=100,
        second_selector="magnitude",
        kept_state=True,
    ),
)
