"""Multi-head attention, of a sequence to itself and of one sequence to another.

Q, K and V stay where their projection wrote them, as strided (samples, heads, places, head width): BLAS
reads and writes the parts of a head in place, one product for each sample and head.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from workloads.kernels.activation import add
from workloads.kernels.softmax import attention_softmax, attention_softmax_back
from workloads.models.linear import Linear
from workloads.models.parameters import Array, Slot
from workloads.models.shard import Shard
from workloads.networks.blocks import attention
from workloads.networks.layer import Layer, Role

PARTS = ("queries", "keys", "values")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """softmax(Q K^T / sqrt(head width)) V for every sample and head (Vaswani et al. 2017).

    `causal` hides from each query the keys of later places; the products are done in full all the same.
    """

    name: str
    heads: int
    causal: bool

    def forward(self, q: Array, k: Array, v: Array, out: Array, shard: Shard) -> None:
        """Write the attended values to `out`; all are (samples, heads, places, head width)."""
        scores = shard.room(f"{self.name}.scores", (*q.shape[:3], k.shape[2]), q)
        np.matmul(q, k.swapaxes(2, 3), out=scores)
        rows = scores.reshape(-1, *scores.shape[2:])
        attention_softmax(rows, 1 / sqrt(q.shape[3]), self.causal, rows)
        np.matmul(scores, v, out=out)

    def backward(self, dout: Array, qkv: tuple[Array, Array, Array], d_qkv: Any, shard: Shard) -> None:
        """Write the gradients to Q, K and V into the three arrays of `d_qkv`."""
        (q, k, v), (dq, dk, dv) = qkv, d_qkv
        weights = shard.room(f"{self.name}.scores", (*q.shape[:3], k.shape[2]), q)
        d_weights = shard.room(f"{self.name}.d_weights", weights.shape, q)
        d_scores = shard.room(f"{self.name}.d_scores", weights.shape, q)
        np.matmul(weights.swapaxes(2, 3), dout, out=dv)
        np.matmul(dout, v.swapaxes(2, 3), out=d_weights)
        given, shares, result = (each.reshape(-1, *each.shape[2:]) for each in (d_weights, weights, d_scores))
        attention_softmax_back(given, shares, 1 / sqrt(q.shape[3]), result)
        np.matmul(d_scores, k, out=dq)
        np.matmul(d_scores.swapaxes(2, 3), q, out=dk)

    def split(self, rows: Array, places: int, parts: int = 1) -> list[Array]:
        """The `parts` spans of features of each row, as views (samples, heads, places, head width)."""
        width = rows.shape[1] // parts // self.heads
        return list(rows.reshape(-1, places, parts, self.heads, width).transpose(2, 0, 3, 1, 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfAttention:
    """Attention of each sequence of `length` rows to itself; one map makes Q, K and V."""

    name: str
    length: int
    heads: Heads
    qkv: Linear
    proj: Linear

    def slots(self) -> list[Slot]:
        """Those of both maps."""
        return [*self.qkv.slots(), *self.proj.slots()]

    def layers(self, rows: int) -> list[Layer]:
        """The fused projection, scores, values and the projection of the output."""
        return attention(
            self.name,
            samples=rows // self.length,
            queries=self.length,
            keys=self.length,
            width=self.proj.inputs,
            heads=self.heads.heads,
            fused=True,
        )

    def forward(self, x: Array, shard: Shard) -> Array:
        """What each row attends to."""
        qkv = self.qkv.forward(x, shard)
        shard.saved[self.name] = qkv
        attended = shard.room(f"{self.name}.attended", x.shape, x)
        q, k, v = self.heads.split(qkv, self.length, 3)
        self.heads.forward(q, k, v, self.heads.split(attended, self.length)[0], shard)
        return self.proj.forward(attended, shard)

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The gradient through the values and through the weights of attention."""
        qkv = shard.saved[self.name]
        d_qkv = shard.room(f"{self.name}.d_qkv", qkv.shape, qkv)
        d_attended = self.heads.split(self.proj.backward(dy, shard), self.length)[0]
        q, k, v = self.heads.split(qkv, self.length, 3)
        self.heads.backward(d_attended, (q, k, v), self.heads.split(d_qkv, self.length, 3), shard)
        return self.qkv.backward(d_qkv, shard)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossAttention:
    """Attention of sequences of `length` rows to those of `memory_length` rows of another block's output."""

    name: str
    length: int
    memory_length: int
    heads: Heads
    q: Linear
    k: Linear
    v: Linear
    proj: Linear

    def slots(self) -> list[Slot]:
        """Those of the four maps."""
        return [slot for each in (self.q, self.k, self.v, self.proj) for slot in each.slots()]

    def layers(self, rows: int) -> list[Layer]:
        """Projections to Q, K and V, scores, values and the projection of the output."""
        return attention(
            self.name,
            samples=rows // self.length,
            queries=self.length,
            keys=self.memory_length,
            width=self.proj.inputs,
            heads=self.heads.heads,
        )

    def forward(self, x: Array, memory: Array, shard: Shard) -> Array:
        """What each row of `x` attends to in `memory`."""
        rows = [self.q.forward(x, shard), self.k.forward(memory, shard), self.v.forward(memory, shard)]
        q, k, v = self._parts(rows)
        for name, part in zip(PARTS, (q, k, v), strict=True):
            shard.saved[f"{self.name}.{name}"] = part
        attended = shard.room(f"{self.name}.attended", x.shape, x)
        self.heads.forward(q, k, v, self.heads.split(attended, self.length)[0], shard)
        return self.proj.forward(attended, shard)

    def backward(self, dy: Array, shard: Shard) -> tuple[Array, Array]:
        """The gradients to `x` and to `memory`."""
        q, k, v = (shard.saved[f"{self.name}.{name}"] for name in PARTS)
        d_attended = self.proj.backward(dy, shard)
        dq = shard.room(f"{self.name}.dq", d_attended.shape, dy)
        rows = (len(dy) // self.length * self.memory_length, dy.shape[1])
        dk = shard.room(f"{self.name}.dk", rows, dy)
        dv = shard.room(f"{self.name}.dv", rows, dy)
        self.heads.backward(
            self.heads.split(d_attended, self.length)[0], (q, k, v), self._parts([dq, dk, dv]), shard
        )
        d_memory = self.k.backward(dk, shard)
        add(d_memory, self.v.backward(dv, shard), d_memory)
        return self.q.backward(dq, shard), d_memory

    def _parts(self, rows: list[Array]) -> list[Array]:
        """Rows of Q, K and V by sample and head."""
        lengths = (self.length, self.memory_length, self.memory_length)
        return [self.heads.split(each, places)[0] for each, places in zip(rows, lengths, strict=True)]


def self_attention(
    name: str, *, width: int, length: int, heads: int, causal: bool, scale: float = 1.0
) -> SelfAttention:
    """Attention over sequences of `length` places; `scale` multiplies the initial weights of the way out."""
    return SelfAttention(
        name=name,
        length=length,
        heads=Heads(name=name, heads=heads, causal=causal),
        qkv=Linear(name=f"{name}.qkv", role=Role.QKV, inputs=width, outputs=3 * width),
        proj=Linear(name=f"{name}.proj", role=Role.PROJ, inputs=width, outputs=width, scale=scale),
    )


def cross_attention(
    name: str, *, width: int, length: int, memory_length: int, heads: int, scale: float = 1.0
) -> CrossAttention:
    """Attention of `length` places to `memory_length` others; `scale` is as in `self_attention`."""
    q, k, v = (Linear(name=f"{name}.{part}", role=Role.QKV, inputs=width, outputs=width) for part in "qkv")
    return CrossAttention(
        name=name,
        length=length,
        memory_length=memory_length,
        heads=Heads(name=name, heads=heads, causal=False),
        q=q,
        k=k,
        v=v,
        proj=Linear(name=f"{name}.proj", role=Role.PROJ, inputs=width, outputs=width, scale=scale),
    )
