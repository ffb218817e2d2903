"""A network as a person writes it in YAML: its layers as forward products."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from simulator.errors import InputError, Problem, shown
from simulator.gemm import SIZE_MAX, TOTAL_MAX, Gemm
from simulator.spec import Name, Text, Written, load_spec
from workloads.networks.layer import Layer, Network, Role

LAYERS_MAX = 10_000

Size = Annotated[int, Field(ge=1, le=SIZE_MAX)]


class WrittenLayer(Written):
    """One layer: C[m,n] += A[m,k] B[k,n] for m tokens or pixels, n outputs, k inputs, `batch` times over."""

    name: Name = Field(examples=["blocks.0.ff.1"])
    role: Role
    m: Size
    n: Size
    k: Size
    batch: Size = 1
    input_values: Annotated[int, Field(ge=1, le=TOTAL_MAX)] | None = Field(
        default=None, description="distinct values of A, where the product reads some of them more than once"
    )
    input_gradient: bool = Field(default=True, description="false for a layer whose input is data")

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        """Refuse a product that a trace cannot count, and more distinct inputs than it reads."""
        if self.layer.macs > TOTAL_MAX:
            raise InputError.of(
                f"batch * m * n * k is {self.layer.macs}", f"a layer has at most {TOTAL_MAX} multiply-adds"
            )
        reads = self.batch * self.m * self.k
        if self.input_values is not None and self.input_values > reads:
            raise InputError.of(
                f"{self.input_values} values are more than the product reads",
                f"batch * m * k is {reads}",
                where="input_values",
            )
        return self

    @property
    def layer(self) -> Layer:
        """The entry as a Layer."""
        return Layer(
            name=self.name,
            role=self.role,
            gemm=Gemm(m=self.m, n=self.n, k=self.k),
            batch=self.batch,
            input_values=self.input_values,
            input_gradient=self.input_gradient,
        )


class WrittenNetwork(Written):
    """A network of our own: its layers in order, and what it trains beside them."""

    name: Name
    source: Text = Field(description="where the shapes are from")
    other_parameters: Annotated[int, Field(ge=0, le=TOTAL_MAX)] = Field(
        default=0, description="embeddings, norms, biases: trained, but multiplying no matrix"
    )
    layers: Annotated[tuple[WrittenLayer, ...], Field(max_length=LAYERS_MAX)]

    @model_validator(mode="after")
    def _some_and_named_apart(self) -> Self:
        """Refuse a network without layers, and layers of the same name."""
        if not self.layers:  # not min_length, which does not count the layers that are wrong
            raise InputError.of("there are none", "write at least one layer", where="layers")
        first: dict[str, int] = {}
        problems = []
        for index, entry in enumerate(self.layers):
            if (earlier := first.setdefault(entry.name, index)) != index:
                what = f"{shown(entry.name)} is the name of layers.{earlier} too"
                problems.append(
                    Problem(
                        where=f"layers.{index}.name", what=what, right="give each layer a name of its own"
                    )
                )
        if problems:
            raise InputError(problems)
        return self


def read_network(path: str | Path) -> Network:
    """The network that the file at `path` writes, with the digest of its content."""
    loaded = load_spec(path, WrittenNetwork)
    written = loaded.value
    return Network(
        name=written.name,
        layers=tuple(entry.layer for entry in written.layers),
        other_parameters=written.other_parameters,
        source=written.source,
        digest=loaded.digest,
    )
