"""The kernels of training from their definitions, in float64: forward as written in the papers, gradients by
complex steps, so that no derivative is worked out by hand.

f(x + ih) = f(x) + ih f'(x) + O(h^2): with h = 1e-30 the imaginary part over h is the derivative, to the last
bit. So what is here is written without abs, max or anything else that a complex number breaks.
"""

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
STEP = 1e-30


def exponential(x: float) -> Decimal:
    """e^x to 60 digits."""
    with localcontext(prec=60):
        return Decimal(x).exp()


def logarithm(x: float) -> Decimal:
    """ln x to 60 digits."""
    with localcontext(prec=60):
        return Decimal(x).ln()


def gradient(function: Callable[[Array], Array], x: Array, dy: Array) -> Array:
    """The gradient to `x` of sum(dy function(x)), one element after another."""
    found = np.empty(x.shape)
    for place in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[place] += 1j * STEP
        found[place] = np.sum(dy * function(moved)).imag / STEP
    return found


def gelu(x: Array) -> Array:
    """0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))."""
    return np.asarray(0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))))


def relu(x: Array) -> Array:
    """x where it is above 0, else 0."""
    return np.asarray(np.where(x.real > 0, x, 0))


def normalised(x: Array, eps: float, axes: tuple[int, ...]) -> Array:
    """(x - mean) / sqrt(variance + eps) over the axes."""
    away = x - x.mean(axis=axes, keepdims=True)
    return np.asarray(away / np.sqrt((away * away).mean(axis=axes, keepdims=True) + eps))


def layer_norm(x: Array, gain: Array, bias: Array, eps: float) -> Array:
    """Each row of (rows, columns) normalised."""
    return normalised(x, eps, (1,)) * gain + bias


def group_norm(x: Array, gain: Array, bias: Array, groups: int, eps: float) -> Array:
    """(samples, positions, channels): each group of channels of a sample normalised."""
    samples, positions, channels = x.shape
    apart = x.reshape(samples, positions, groups, channels // groups)
    return normalised(apart, eps, (1, 3)).reshape(x.shape) * gain + bias


def softmax(x: Array) -> Array:
    """e^x / sum of e^x over the last axis."""
    powers = np.exp(x - x.real.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def attention_softmax(scores: Array, factor: float, causal: bool) -> Array:
    """softmax(factor scores) of what each query sees, one query after another; 0 for the rest."""
    out = np.zeros_like(scores)
    for m, q in np.ndindex(scores.shape[:2]):
        seen = slice(0, q + 1 if causal else None)
        out[m, q, seen] = softmax(factor * scores[m, q, seen])
    return out


def cross_entropy(logits: Array, targets: Array, smoothing: float) -> Array:
    """Nats by row: -(1 - smoothing) log p[target] - smoothing mean(log p); 0 where there is no target."""
    losses = np.zeros(len(logits), logits.dtype)
    for i, target in enumerate(targets):
        if target >= 0:
            logs = np.log(softmax(logits[i]))
            losses[i] = -(1 - smoothing) * logs[target] - smoothing * logs.mean()
    return losses


def entropies(logits: Array, targets: Array) -> Array:
    """-sum of p log p of each row with a target."""
    shares = softmax(logits[targets >= 0])
    return np.asarray(-(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1))


def right(logits: Array, targets: Array) -> int:
    """Rows whose target is the first of the largest logits."""
    return int(np.sum(np.argmax(logits, axis=1) == targets))


def gather(tokens: Array, table: Array, positions: Array) -> Array:
    """The row of each token plus that of its place."""
    rows = [table[token] + positions[p] for sample in tokens for p, token in enumerate(sample)]
    return np.array(rows)


def adamw(state: tuple[Array, ...], gradient: Array, at: int, **given: float) -> tuple[Array, ...]:
    """w, m, v after step `at` (from 1) of AdamW, as in its paper."""
    w, m, v = state
    rate, beta1, beta2 = given["rate"], given["beta1"], given["beta2"]
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    step = (m / (1 - beta1**at)) / (np.sqrt(v / (1 - beta2**at)) + given["eps"])
    return w - rate * given["decay"] * w - rate * step, m, v


def sgd(state: tuple[Array, ...], gradient: Array, **given: float) -> tuple[Array, ...]:
    """w and b after a step of SGD with momentum and decay in the gradient."""
    w, b = state
    b = given["momentum"] * b + gradient + given["decay"] * w
    return w - given["rate"] * b, b


def in_lanes(terms: Array) -> float:
    """The sum of a row in the order that kernels promise, each addition rounded to the dtype of `terms`."""
    whole = len(terms) // 8 * 8
    lanes = np.zeros(8, terms.dtype)
    for eight in terms[:whole].reshape(-1, 8):
        lanes = lanes + eight
    a, b, c, d, e, f, g, h = lanes
    found = ((a + e) + (c + g)) + ((b + f) + (d + h))
    for term in terms[whole:]:
        found = found + term
    return float(found)
