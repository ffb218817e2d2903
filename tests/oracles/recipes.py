"""What one training step of each recipe does to a weight: float64, slow, and written from the papers' rules.

An oracle follows one weight W (outputs x inputs). It is given the recipe's phases, which say when masks are
selected and with which pattern, and what is drawn at random. To hold an emulator against it, let both start
from the same weights, and at every step::

    adam = AdamW(beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01)
    phases = RECIPES["sr_ste"].phases(Pattern.parse("2:4"), steps)
    oracles = [ORACLES["sr_ste"](weight, adam, phases, strength=2e-4) for weight in weights]
    for step in range(steps):
        used = [oracle.begin(Draws(...)) for oracle in oracles]     # masks, and what FWD and DGRAD read
        gradients = network.gradients([u.forward for u in used], [u.backward for u in used],
                                      [u.prune for u in used])      # of the forward weights; MVUE inside
        raw = [oracle.end(g, Draws(...)) for oracle, g in zip(oracles, gradients)]
        factor = clip / max(clip, norm(*raw))                       # the global norm, of hooked gradients
        for oracle in oracles:
            oracle.update(rate(step), factor)
        # compare: used[i].forward, .backward, .mask; oracle.weight; oracle.optimizer.m, .v or .b

`recipes_network.TwoWeights` is such a network; `test_recipe_oracles.py` has this loop. A model of one weight
has `oracle.step(gradient, rate, draws, factor)`. A weight that trains beside them follows `Dense`. What each
step needs of `Draws`: `scores` or `mask` at the first selection of slope, static, rigl, set; `scores` (or the
resulting `mask`) at each later one of set; `permutations` (or `second`) at bi_mask's; `uniforms` of fst and
s_ste, groups of tokens x outputs in the order of the tokens, or none for a dense dY (an emulator that prunes
dY in parts of the batch calls `recipes_masks.unbiased` on the parts); `left` and `right` of slope's adapters
at their first step. `mask` in place of any selection lets a test go on where two selections are equally good.

How what the sources leave open is read here:

* all: AdamW counts its updates by weight. Masks are selected before FWD. Weight decay is the optimizer's
  and comes after clipping; it works on pruned weights as on any other where these keep a value.
* one_shot, static, ac_dc, gradual, rigl, set, slope: a mask prunes the value, the gradient and both moments;
  the moments of kept weights go on. ac_dc: a restored weight has the value and the moments 0, while AdamW's
  count goes on (`reset_all` clears the moments of all weights at each transition instead).
* transposable: plain STE; the repository's five-fold decay of pruned weights is `strength` (before
  clipping), 0 by default. fst: the mask is that of the optimum, the paper's; a greedy solver's needs `mask`.
* mdgf: D = 1 at the first fading step (j = 0). kao_mask: D = 1 until the second update (k = 0 at the first),
  and FWD and gradient take D alike.
* bi_mask: m_b stands between its selections while m_f moves (`within_each` takes both). Only the permutations
  given are tried: put the identity among them if the emulator tries it.
* slope: L is outputs x rank and R rank x inputs, as in W + L R; which of them starts from 0 is in the draws.
* s_ste: the gradient of beta S(W) is that of W, beta is not multiplied again. t is taken at every step.
* step: m is corrected by the count of all updates, v* is not.
* rigl: t in the cosine is the step of the run; the step that moves masks adds nothing to the global norm,
  trains nothing and does not count. Where an emulator then trains no other weight either, those oracles
  `leave` the step. A weight dropped and grown in one update keeps its value and moments.
  How many of an N:M group are dropped is not published; "tensor" takes the share from the whole weight, and
  each group grows what it lost; "group" rounds in each group, with a `count` of the caller's.
* set: the share falls along the same cosine.
* dst: thresholds have a state of their own and no weight decay; the penalty is clipped with the rest.
"""

from collections.abc import Callable

from tests.oracles.recipes_base import NOTHING, Dense, Draws, Raw, Used, norm
from tests.oracles.recipes_kept import DropAndGrow, Dst, Fixed, Slope
from tests.oracles.recipes_optimizers import AdamW, Sgd
from tests.oracles.recipes_straight import BiMask, Fst, KaoMask, KaoStructure, Mdgf, SrSte, SSte, Ste, Step

__all__ = ["NOTHING", "ORACLES", "AdamW", "Dense", "Draws", "Raw", "Sgd", "Used", "norm"]

ORACLES: dict[str, Callable[..., Dense]] = {
    "dense": Dense,
    "one_shot": Fixed,
    "ste": Ste,
    "sr_ste": SrSte,
    "mdgf_linear": lambda *given, **options: Mdgf(*given, decay="linear", **options),
    "mdgf_exp": lambda *given, **options: Mdgf(*given, decay="exponential", **options),
    "sdgf_stepwise": Ste,
    "sdgf_geometric": Ste,
    "kao_mask": KaoMask,
    "kao_structure": KaoStructure,
    "transposable": lambda *given, strength=0.0: SrSte(*given, strength=strength),
    "bi_mask": BiMask,
    "slope": Slope,
    "fst": Fst,
    "s_ste": SSte,
    "step": Step,
    "ac_dc": Fixed,
    "gradual": Fixed,
    "rigl": DropAndGrow,
    "set": DropAndGrow,
    "static": Fixed,
    "dst": Dst,
}
"""By the recipe's name: called with the weight, the optimizer, the phases and the recipe's own numbers."""
