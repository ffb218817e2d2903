"""The model `mlp` in float64 and plain numpy: forward, and the gradients of its mean squared error."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Values = Mapping[str, Array]
Prunes = Mapping[str, Callable[[Array], Array]]

SLOPE, CUBE, EPSILON = np.sqrt(2 / np.pi), 0.044715, 1e-5


class Normalised(NamedTuple):
    """A row at mean 0 and variance 1, before gain and bias, and what it was divided by."""

    rows: Array
    deviation: Array


def normalise(x: Array) -> Normalised:
    deviation = np.sqrt(x.var(axis=1, keepdims=True) + EPSILON)
    return Normalised((x - x.mean(axis=1, keepdims=True)) / deviation, deviation)


def normalise_back(d_rows: Array, normal: Normalised) -> Array:
    along = (d_rows * normal.rows).mean(axis=1, keepdims=True)
    return np.asarray((d_rows - d_rows.mean(axis=1, keepdims=True) - normal.rows * along) / normal.deviation)


def gelu(x: Array) -> Array:
    return np.asarray(x / 2 * (1 + np.tanh(SLOPE * (x + CUBE * x**3))))


def gelu_slope(x: Array) -> Array:
    t = np.tanh(SLOPE * (x + CUBE * x**3))
    return np.asarray((1 + t) / 2 + x / 2 * (1 - t**2) * SLOPE * (1 + 3 * CUBE * x**2))


class Part:
    """One part of a batch on its way through the network; `seen` has what each product reads."""

    def __init__(self, w: Values, x: Array) -> None:
        self.w, self.blocks = w, sum(name.endswith(".ff.1.weight") for name in w)
        self.seen: dict[str, Array] = {}
        self.normals: dict[str, Normalised] = {}
        self.pre: dict[str, Array] = {}
        h = self.product("stem", x)
        for at in range(self.blocks):
            ff = f"blocks.{at}.ff"
            self.pre[ff] = self.product(f"{ff}.1", self.norm(f"{ff}.norm", h))
            h = h + self.product(f"{ff}.2", gelu(self.pre[ff]))
        self.outputs = self.product("head", self.norm("norm", h))

    def product(self, name: str, x: Array) -> Array:
        self.seen[f"{name}.weight"] = x
        return np.asarray(x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"])

    def norm(self, name: str, x: Array) -> Array:
        self.normals[name] = normalise(x)
        return self.normals[name].rows * self.w[f"{name}.gain"] + self.w[f"{name}.bias"]

    def back(self, dy: Array, backward: Values, prunes: Prunes) -> dict[str, Array]:
        """Gradients by name; DGRAD reads `backward`, WGRAD the output gradient as `prunes` leaves it."""
        found: dict[str, Array] = {}

        def product_back(name: str, dy: Array) -> Array:
            weight = f"{name}.weight"
            thin = prunes[weight](dy) if weight in prunes else dy
            found[weight], found[f"{name}.bias"] = thin.T @ self.seen[weight], dy.sum(axis=0)
            return np.asarray(dy @ backward[weight])

        def norm_back(name: str, dy: Array) -> Array:
            normal = self.normals[name]
            found[f"{name}.gain"], found[f"{name}.bias"] = (dy * normal.rows).sum(axis=0), dy.sum(axis=0)
            return normalise_back(dy * self.w[f"{name}.gain"], normal)

        dh = norm_back("norm", product_back("head", dy))
        for at in reversed(range(self.blocks)):
            ff = f"blocks.{at}.ff"
            d_pre = product_back(f"{ff}.2", dh) * gelu_slope(self.pre[ff])
            dh = dh + norm_back(f"{ff}.norm", product_back(f"{ff}.1", d_pre))
        product_back("stem", dh)
        return found


def gradients(
    forward: Values,
    backward: Values,
    parts: list[tuple[Array, Array]],
    prunes: list[Prunes],
) -> dict[str, Array]:
    """Those of the mean of (outputs - targets)^2 over all parts, each (inputs, targets)."""
    count = sum(targets.size for _, targets in parts)
    found = []
    for (inputs, targets), prune in zip(parts, prunes, strict=True):
        part = Part(forward, inputs)
        found.append(part.back(2 * (part.outputs - targets) / count, backward, prune))
    return {name: sum((each[name] for each in found[1:]), found[0][name]) for name in found[0]}
