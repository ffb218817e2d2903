"""Recipes, one family a file, each written as the difference from dense training."""

from workloads.training.recipe import Recipe
from workloads.training.recipes.ac_dc import AC_DC
from workloads.training.recipes.dense import DENSE_TRAINING
from workloads.training.recipes.dense_first import ONE_SHOT, STEP
from workloads.training.recipes.dynamic import RIGL, SET
from workloads.training.recipes.fst import FST, S_STE
from workloads.training.recipes.gradual import GRADUAL
from workloads.training.recipes.kao import KAO_MASK, KAO_STRUCTURE
from workloads.training.recipes.mdgf import MDGF_EXP, MDGF_LINEAR
from workloads.training.recipes.sdgf import SDGF_GEOMETRIC, SDGF_STEPWISE
from workloads.training.recipes.slope import SLOPE
from workloads.training.recipes.static import STATIC
from workloads.training.recipes.ste import SR_STE, STE
from workloads.training.recipes.transposable import BI_MASK, TRANSPOSABLE

__all__ = ["RECIPES"]

RECIPES: dict[str, Recipe] = {
    "dense": DENSE_TRAINING,
    "one_shot": ONE_SHOT,
    "ste": STE,
    "sr_ste": SR_STE,
    "mdgf_linear": MDGF_LINEAR,
    "mdgf_exp": MDGF_EXP,
    "sdgf_stepwise": SDGF_STEPWISE,
    "sdgf_geometric": SDGF_GEOMETRIC,
    "kao_mask": KAO_MASK,
    "kao_structure": KAO_STRUCTURE,
    "transposable": TRANSPOSABLE,
    "bi_mask": BI_MASK,
    "slope": SLOPE,
    "fst": FST,
    "s_ste": S_STE,
    "step": STEP,
    "ac_dc": AC_DC,
    "gradual": GRADUAL,
    "rigl": RIGL,
    "set": SET,
    "static": STATIC,
}
