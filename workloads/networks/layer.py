"""Layer and Network: the shapes of a network, from which forward and backward products follow."""

from dataclasses import dataclass
from enum import StrEnum

from simulator.gemm import Gemm


class Role(StrEnum):
    """What a layer is for, which decides whether a recipe may make its weights sparse."""

    FF = "ff"
    QKV = "qkv"
    PROJ = "proj"
    CONV = "conv"
    STEM = "stem"
    HEAD = "head"
    LOW_RANK = "low_rank"
    ATTENTION = "attention"

    @property
    def has_weights(self) -> bool:
        """Whether operand B is a weight; attention multiplies two activations."""
        return self is not Role.ATTENTION

    @property
    def may_be_sparse(self) -> bool:
        """Whether a recipe may prune the weights: first and last layers and low-rank factors stay dense.

        Most published runs keep them dense. Some prune the first convolution (SR-STE, Hubara et al.); nmsim
        does not.
        """
        return self in (Role.FF, Role.QKV, Role.PROJ, Role.CONV)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer's forward product C[m,n] += A[m,k] B[k,n]: m tokens or pixels, n outputs, k inputs.

    `batch` equal products run together (heads times samples). `input_values` is the number of distinct
    values of all the A operands where the product reads some of them more than once (a convolution).
    `input_gradient` is False for a layer whose input is data, which needs no gradient.
    """

    name: str
    role: Role
    gemm: Gemm
    batch: int = 1
    input_values: int | None = None
    input_gradient: bool = True

    @property
    def macs(self) -> int:
        """Forward multiply-adds, dense."""
        return self.batch * self.gemm.macs

    @property
    def parameters(self) -> int:
        """Weights of the layer, without its bias."""
        return self.batch * self.gemm.n * self.gemm.k if self.role.has_weights else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network as an ordered list of layers at one batch size and sequence length.

    `other_parameters` counts what is trained but multiplies no matrix: embeddings, norms, biases. `source`
    says where the shapes are from; `digest` is that of the file they were read from, empty for a network of
    the registry, whose `sizes` say at which batch and extent it was loaded.
    """

    name: str
    layers: tuple[Layer, ...]
    other_parameters: int
    source: str
    digest: str = ""
    sizes: tuple[tuple[str, int], ...] = ()

    @property
    def macs(self) -> int:
        """Forward multiply-adds of all layers, dense."""
        return sum(layer.macs for layer in self.layers)

    @property
    def parameters(self) -> int:
        """Everything that is trained."""
        return self.other_parameters + sum(layer.parameters for layer in self.layers)
