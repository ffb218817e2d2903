"""Recipes, one family a file, each written as the difference from dense training."""

from workloads.training.recipe import Recipe
from workloads.training.recipes.ac_dc import AC_DC
from workloads.training.recipes.adaprune import ADAPRUNE
from workloads.training.recipes.dense import DENSE_TRAINING
from workloads.training.recipes.dense_first import ONE_SHOT, STEP
from workloads.training.recipes.dst import DST
from workloads.training.recipes.dynamic import RIGL, SET
from workloads.training.recipes.fst import FST, S_STE
from workloads.training.recipes.gradual import GRADUAL
from workloads.training.recipes.kao import KAO_MASK, KAO_STRUCTURE
from workloads.training.recipes.mdgf import MDGF_EXP, MDGF_LINEAR
from workloads.training.recipes.pfp import PFP
from workloads.training.recipes.sdgf import SDGF_GEOMETRIC, SDGF_STEPWISE
from workloads.training.recipes.slope import SLOPE
from workloads.training.recipes.sparse_ift import (
    SPARSE_IFT_DOPED,
    SPARSE_IFT_FACTORIZED,
    SPARSE_IFT_PARALLEL,
    SPARSE_IFT_WIDE,
)
from workloads.training.recipes.sparsegpt import SPARSEGPT
from workloads.training.recipes.static import STATIC
from workloads.training.recipes.ste import SR_STE, STE
from workloads.training.recipes.transposable import BI_MASK, TRANSPOSABLE
from workloads.training.recipes.wanda import WANDA

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
    "dst": DST,
    "pfp": PFP,
    "adaprune": ADAPRUNE,
    "sparse_ift_wide": SPARSE_IFT_WIDE,
    "sparse_ift_parallel": SPARSE_IFT_PARALLEL,
    "sparse_ift_factorized": SPARSE_IFT_FACTORIZED,
    "sparse_ift_doped": SPARSE_IFT_DOPED,
    "wanda": WANDA,
    "sparsegpt": SPARSEGPT,
}
