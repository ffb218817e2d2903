"""What is computed: Gemm, Pass, Operand, Product, Stream, and the Step that says when each happened."""

from dataclasses import dataclass
from enum import StrEnum

from simulator.errors import InputError, lookup
from simulator.notebook import brief
from simulator.pattern import Pattern

SIZE_MAX = 2**40
TEXT_MAX = 200
GEMM = "gemm"
"""What a report and a trace call the op of a Product."""
TOTAL_MAX = 2**62  # a trace stores int64
DTYPES = {
    "int4": 4,
    "fp8": 8,
    "int8": 8,
    "bf16": 16,
    "fp16": 16,
    "fp32": 32,
    "int32": 32,
    "tf32": 32,
    "fp64": 64,
}
"""Bits that one value of each dtype takes in memory (tf32 is stored as fp32)."""


class Pass(StrEnum):
    """The part of a training step that a Step belongs to."""

    FWD = "FWD"
    DGRAD = "DGRAD"
    WGRAD = "WGRAD"
    UPDATE = "UPDATE"


def check_count(name: str, value: int, *, least: int = 1, most: int = SIZE_MAX) -> None:
    """Refuse a count that is no whole number from `least` to `most`."""
    if type(value) is not int or not least <= value <= most:
        raise InputError.of(f"{name} is {value!r}", f"{name} is a whole number from {least} to {most}")


def check_axis(name: str, axis: str) -> None:
    """Refuse an axis that no Gemm has."""
    if axis not in ("m", "n", "k"):
        raise InputError.of(f"{name} is {axis!r}", "groups run along m, n or k")


def check_text(name: str, value: str) -> None:
    """Refuse what is no text, or one that is empty or longer than a trace holds."""
    if not isinstance(value, str) or not 1 <= len(value) <= TEXT_MAX:
        what = f"{name} has {len(value)} characters" if isinstance(value, str) else f"{name} is {value!r}"
        raise InputError.of(what, f"{name} is a text of 1 to {TEXT_MAX} characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gemm:
    """C[m,n] += A[m,k] B[k,n]."""

    m: int
    n: int
    k: int

    def __post_init__(self) -> None:
        for name in ("m", "n", "k"):
            check_count(name, getattr(self, name))

    @property
    def macs(self) -> int:
        """Multiply-adds of the dense product."""
        return self.m * self.n * self.k

    def sizes(self, operand: str) -> dict[str, int]:
        """The two axes of operand "a", "b" or "c" and their sizes."""
        axes = {"a": "mk", "b": "kn", "c": "mn"}[operand]
        return {axis: getattr(self, axis) for axis in axes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A, B or C of a Gemm: its dtype, the Pattern that its zeros obey, and the Format it lies in.

    `along` is the axis (m, n or k) that the pattern's groups run along. `nonzeros`, instead of a pattern,
    says how many values of all the batch's operands are not zero where the zeros may be anywhere. `format`
    "native" is whatever the machine's decoder reads; an operand without pattern lies dense whatever it says.
    `distinct` is the number of values that lie in memory where that is fewer than the product reads, as for a
    convolution, whose inputs are read several times.
    """

    dtype: str
    pattern: Pattern | None = None
    along: str = "k"
    format: str = "native"
    distinct: int | None = None
    nonzeros: int | None = None

    __repr__ = brief

    def __post_init__(self) -> None:
        lookup(DTYPES, self.dtype, kind="dtype")
        check_axis("along", self.along)
        check_text("format", self.format)
        if self.distinct is not None:
            check_count("distinct", self.distinct, most=TOTAL_MAX)
        if self.nonzeros is not None:
            check_count("nonzeros", self.nonzeros, most=TOTAL_MAX)
            if self.pattern is not None:
                raise InputError.of(
                    f"an operand has the pattern {self.pattern} and {self.nonzeros} nonzeros",
                    "its zeros follow a pattern, or are counted",
                )

    @property
    def sparse(self) -> bool:
        """Whether something is said of its zeros, be it that there are none."""
        return self.pattern is not None or self.nonzeros is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """`batch` equal and independent Gemms that one training step launches together, with their Operands.

    At most one operand is sparse. `mask` is the pattern that the layer's weights obeyed at the time, whether
    or not this product can use it; FLOPs under the convention all_sparse are counted from it. Its groups run
    along the axis `mask_along` of this Gemm. Where the mask has no groups, `mask_kept` says instead how many
    weights of all the batch it keeps, and `mask_of` which operand has the places of the weights.
    """

    gemm: Gemm
    a: Operand
    b: Operand
    c: Operand
    batch: int = 1
    mask: Pattern | None = None
    mask_along: str = "k"
    mask_kept: int | None = None
    mask_of: str = "b"

    __repr__ = brief

    def __post_init__(self) -> None:
        check_count("batch", self.batch)
        check_axis("mask_along", self.mask_along)
        for name in "abc":
            operand = getattr(self, name)
            for count in ("distinct", "nonzeros"):
                if getattr(operand, count) is not None:
                    what = f"{count} of {name}"
                    check_count(what, getattr(operand, count), most=self.values_of(name))
        self._check_mask()
        self._check_zeros()

    def _check_mask(self) -> None:
        """Refuse an operand that there is not, two masks at once, and one that keeps more than there is."""
        if self.mask_of not in ("a", "b", "c"):
            raise InputError.of(f"mask_of is {self.mask_of!r}", "the operands are a, b and c")
        if self.mask_kept is not None:
            check_count("mask_kept", self.mask_kept, most=self.values_of(self.mask_of))
            if self.mask is not None:
                raise InputError.of(
                    f"the mask is {self.mask} and keeps {self.mask_kept}", "a mask has groups, or is counted"
                )

    def _check_zeros(self) -> None:
        """Refuse two sparse operands, and a pattern along an axis that its operand does not have."""
        sparse = [name for name in "abc" if getattr(self, name).sparse]
        if len(sparse) > 1:
            patterned = all(getattr(self, name).pattern for name in sparse)
            what = f"operands {' and '.join(sparse)} both {'carry a pattern' if patterned else 'are sparse'}"
            raise InputError.of(what, f"one operand of a product may{'' if patterned else ' be'}")
        for name in sparse:
            along = getattr(self, name).along
            if getattr(self, name).pattern is not None and along not in self.gemm.sizes(name):
                raise InputError.of(
                    f"operand {name} has no axis {along}", f"its axes are {', '.join(self.gemm.sizes(name))}"
                )

    def values_of(self, name: str) -> int:
        """Values of operand "a", "b" or "c" in all of the batch."""
        first, second = self.gemm.sizes(name).values()
        return self.batch * first * second

    @property
    def dense_macs(self) -> int:
        """Multiply-adds if nothing is skipped."""
        return self.batch * self.gemm.macs

    @property
    def sparse(self) -> tuple[str, Operand] | None:
        """The name of the sparse operand, and the operand."""
        return next(((name, one) for name in "abc" if (one := getattr(self, name)).sparse), None)

    def macs_keeping(self, pattern: Pattern | None, along: str) -> int:
        """Multiply-adds left when one operand keeps `pattern` along the axis `along`, exactly."""
        if pattern is None:
            return self.dense_macs
        length: int = getattr(self.gemm, along)
        return self.dense_macs // length * pattern.kept_along(length)

    def macs_of_kept(self, name: str, kept: int) -> int:
        """Multiply-adds left when operand `name` keeps `kept` values of all the batch, exactly."""
        return self.dense_macs // self.values_of(name) * kept

    @property
    def masked_macs(self) -> int:
        """Multiply-adds left when only kept weights take part, whether or not this product can do so."""
        if self.mask_kept is not None:
            return self.macs_of_kept(self.mask_of, self.mask_kept)
        return self.macs_keeping(self.mask, self.mask_along)

    @property
    def effective_macs(self) -> int:
        """Multiply-adds in which no operand is a zero that is told of and the result is wanted."""
        if self.sparse is None:
            return self.dense_macs
        name, operand = self.sparse
        if operand.nonzeros is not None:
            return self.macs_of_kept(name, operand.nonzeros)
        return self.macs_keeping(operand.pattern, operand.along)


def pattern_text(product: Product) -> str:
    """The pattern of the sparse operand, with the axis of its groups unless that is the reduction.

    Where its zeros follow none, the share of its values that are not zero, to three digits.
    """
    if product.sparse is None:
        return "dense"
    name, operand = product.sparse
    if operand.nonzeros is not None:
        percent = 100 * operand.nonzeros / product.values_of(name)
        return f"unstructured {f'{percent:#.3g}'.rstrip('.')}%"
    return str(operand.pattern) if operand.along == "k" else f"{operand.pattern} along {operand.along}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A streaming operation of UPDATE over `elements` values: what it reads, writes and computes.

    Bits, not bytes: masks are not whole bytes a value. Metadata are apart from the values.
    """

    op: str
    elements: int
    read_bits: int = 0
    write_bits: int = 0
    metadata_read_bits: int = 0
    metadata_write_bits: int = 0
    ops: int = 0

    __repr__ = brief

    def __post_init__(self) -> None:
        check_text("op", self.op)
        if self.op == GEMM:
            raise InputError.of(f"a stream's op is `{GEMM}`", "a Product is what multiplies matrices")
        check_count("elements", self.elements)
        for name in ("read_bits", "write_bits", "metadata_read_bits", "metadata_write_bits", "ops"):
            check_count(name, getattr(self, name), least=0, most=TOTAL_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The training steps at which something happened: runs of `run` steps, one every `period` steps.

    Occurrence i, counted from 0 to `count` - 1, falls on first_step + (i // run) * period + i % run. With the
    defaults the steps are consecutive.
    """

    first_step: int = 0
    count: int = 1
    run: int = 1
    period: int = 1

    __repr__ = brief

    def __post_init__(self) -> None:
        check_count("first_step", self.first_step, least=0)
        check_count("count", self.count)
        check_count("run", self.run)
        check_count("period", self.period, least=self.run)

    def step_of(self, occurrence: int) -> int:
        """The training step of an occurrence."""
        runs, rest = divmod(occurrence, self.run)
        return self.first_step + runs * self.period + rest

    @property
    def last_step(self) -> int:
        """The training step of the last occurrence."""
        return self.step_of(self.count - 1)

    def falls_on(self, step: int) -> bool:
        """Whether it happens at a training step."""
        runs, rest = divmod(step - self.first_step, self.period)
        return runs >= 0 and rest < self.run and runs * self.run + rest < self.count

    @property
    def consecutive(self) -> bool:
        """Whether no training step lies between two occurrences."""
        return self.run == self.period or self.count <= self.run

    def followed_by(self, after: "Span") -> "Span | None":
        """Both as one Span, if each is consecutive and `after` starts on the next step; else None."""
        if self.consecutive and after.consecutive and after.first_step == self.last_step + 1:
            return Span(first_step=self.first_step, count=self.count + after.count)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One Product, or one Stream of UPDATE, in one Pass of one layer, and when it happened."""

    layer: str
    pass_: Pass
    work: Product | Stream
    when: Span = Span()

    __repr__ = brief

    def __post_init__(self) -> None:
        check_text("layer", self.layer)
        if not isinstance(self.pass_, Pass):
            raise InputError.of(f"{self.layer} has the pass {self.pass_!r}", f"a pass is {', '.join(Pass)}")
        if isinstance(self.work, Stream) != (self.pass_ is Pass.UPDATE):
            raise InputError.of(
                f"{self.layer} has a {type(self.work).__name__} in {self.pass_}",
                "FWD, DGRAD and WGRAD hold products, UPDATE holds streams",
            )
