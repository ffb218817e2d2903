"""What tests let oracles of recipes follow: a network of two weights in float64, constants, and draws."""

from collections.abc import Sequence

import numpy as np

from tests.oracles.recipes_base import Draws, Gradient, Prune
from tests.oracles.recipes_masks import Array
from workloads.training.face import Phase
from workloads.training.recipes import RECIPES
from workloads.training.unstructured import Target


class TwoWeights:
    """y = tanh(x W0^T) W1^T, L = mean over tokens of |y - targets|^2 / 2; FWD, DGRAD and WGRAD apart."""

    def __init__(self, inputs: Array, targets: Array) -> None:
        self.inputs, self.targets = inputs, targets

    def loss(self, forward: Sequence[Array]) -> float:
        """L for these forward weights."""
        outputs = np.tanh(self.inputs @ forward[0].T) @ forward[1].T
        return float(((outputs - self.targets) ** 2).sum() / 2 / len(self.inputs))

    def gradients(
        self,
        forward: Sequence[Array],
        backward: Sequence[Array],
        prune: Sequence[Prune | None] = (None, None),
    ) -> list[Array]:
        """Those of the forward weights; DGRAD reads `backward[1]`; dY is pruned before WGRAD alone."""
        hidden = np.tanh(self.inputs @ forward[0].T)
        d_outputs = (hidden @ forward[1].T - self.targets) / len(self.inputs)
        d_hidden = (d_outputs @ backward[1]) * (1 - hidden**2)
        pairs = zip((d_hidden, d_outputs), (self.inputs, hidden), prune, strict=True)
        return [(dy if thin is None else thin(dy)).T @ x for dy, x, thin in pairs]


def drawn(*shape: int, seed: int = 0) -> Array:
    """Normal values."""
    return np.random.default_rng(seed).standard_normal(shape)


def draws(shape: tuple[int, int], seed: int) -> Draws:
    """All that any recipe may draw in one step with 8 tokens."""
    rng = np.random.default_rng(seed)
    orders = [list(range(shape[0])), *(rng.permutation(shape[0]).tolist() for _ in range(3))]
    return Draws(
        scores=rng.random(shape),
        permutations=orders,
        uniforms=rng.random((2, shape[0])),
        left=rng.standard_normal((shape[0], 2)),
        right=np.zeros((2, shape[1])),
    )


def phases_of(name: str, pattern: Target, steps: int) -> Sequence[Phase]:
    """Those of the recipe, and of dense training for what is none."""
    return RECIPES[name if name in RECIPES else "dense"].phases(pattern, steps)


def constant(gradient: Array) -> Gradient:
    """The same gradient whatever the weights are."""
    return lambda forward, backward, prune: gradient


def row(*values: float) -> Array:
    """A weight of one output."""
    return np.array([values])
