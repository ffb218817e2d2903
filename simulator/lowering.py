"""Lowering: a Product as one machine runs it; which pattern it skips, how it lies in memory, and why."""

from dataclasses import dataclass, replace

from simulator.errors import lookup
from simulator.formats import FORMATS, Size, size
from simulator.gemm import DTYPES, Gemm, Operand, Product
from simulator.machine import Machine
from simulator.pattern import Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowered:
    """A Product on a Machine: the sparse operand is B, `native` the pattern that the machine skips.

    `native` None means that it runs dense, and `note` says why where the product itself is sparse. Sizes are
    those of all `batch` products; `dtype` is that of the operands of which it multiplies fewer a cycle,
    and `peak` the multiply-adds a cycle at that.
    """

    gemm: Gemm
    batch: int
    native: Pattern | None
    note: str
    a: Size
    b: Size
    c: Size
    a_bits: int
    b_bits: int
    dtype: str
    peak: int
    lanes: int

    @property
    def k_kept(self) -> int:
        """Values of each column of B that are multiplied."""
        return self.gemm.k if self.native is None else self.native.kept_along(self.gemm.k)

    @property
    def groups(self) -> int:
        """Groups of metadata in all columns of B of the batch."""
        along = 0 if self.native is None else self.native.groups_along(self.gemm.k)
        return self.batch * self.gemm.n * along

    @property
    def multiplies(self) -> int:
        """Multiply-adds performed, those with a stored zero included."""
        return self.batch * self.gemm.m * self.gemm.n * self.k_kept


def lower(product: Product, machine: Machine, *, dense_because: str = "") -> Lowered:
    """`product` as `machine` runs it, or as it would run dense for the reason `dense_because`.

    A pattern is skipped where it lies on A or B along the reduction and conforms to a native one, in a format
    that the machine decodes. An A that is skipped is exchanged with B by transposing the whole product.
    """
    _check_formats(product)
    native, note = (None, dense_because) if dense_because else runs_as(product, machine)
    if native is not None and product.a.pattern is not None:
        product = transposed(product)
    gemm, batch = product.gemm, product.batch
    form = FORMATS["dense"] if native is None else machine.metadata_form
    packed = size(form, vectors=batch * gemm.n, length=gemm.k, pattern=native, dtype=product.b.dtype)
    return Lowered(
        gemm=gemm,
        batch=batch,
        native=native,
        note=note,
        a=_plain(product.a, batch * gemm.m * gemm.k),
        b=packed if native is not None else _plain(product.b, batch * gemm.k * gemm.n),
        c=_plain(product.c, wanted(product)),
        a_bits=DTYPES[product.a.dtype],
        b_bits=DTYPES[product.b.dtype],
        dtype=min(product.a.dtype, product.b.dtype, key=machine.lanes_of),
        peak=min(machine.peak_macs(product.a.dtype), machine.peak_macs(product.b.dtype)),
        lanes=min(machine.lanes_of(product.a.dtype), machine.lanes_of(product.b.dtype)),
    )


def runs_as(product: Product, machine: Machine) -> tuple[Pattern | None, str]:
    """The native pattern that a product runs as, or None and the reason why a sparse one runs dense."""
    if product.sparse is None:
        return None, ""
    name, operand = product.sparse
    if operand.nonzeros == product.values_of(name) or (operand.pattern and operand.pattern.dense):
        return None, ""
    if name == "c":
        return None, "dense: the zeros are in the result, not in an operand"
    if operand.pattern is None:
        return None, "dense: the zeros follow no pattern"
    if operand.along != "k":
        return None, f"dense: grouped along {operand.along}, not along the reduction"
    native = machine.native(operand.pattern)
    if native is None:
        found = f"{operand.pattern} conforms to none of {machine.patterns_text}" if machine.natives else ""
        return None, f"dense: {found or 'the machine skips no pattern'}"
    if operand.format not in ("native", machine.decode_format):
        return None, f"dense: packed as {operand.format}, the decoder reads {machine.decode_format}"
    return native, ""


def _check_formats(product: Product) -> None:
    """Refuse an operand in a format that there is not."""
    for operand in (product.a, product.b, product.c):
        if operand.format != "native":
            lookup(FORMATS, operand.format, kind="format")


def transposed(product: Product) -> Product:
    """The same product as C^T[n,m] = B^T A^T, with m and n exchanged throughout."""
    gemm = product.gemm
    exchange = {"m": "n", "n": "m", "k": "k"}

    def turned(operand: Operand) -> Operand:
        return replace(operand, along=exchange[operand.along])

    return replace(
        product,
        gemm=Gemm(m=gemm.n, n=gemm.m, k=gemm.k),
        a=turned(product.b),
        b=turned(product.a),
        c=turned(product.c),
        mask_along=exchange[product.mask_along],
        mask_of={"a": "b", "b": "a", "c": "c"}[product.mask_of],
    )


def wanted(product: Product) -> int:
    """Results of the batch that are not masked away."""
    if product.c.nonzeros is not None:
        return product.c.nonzeros
    return product.macs_keeping(product.c.pattern, product.c.along) // product.gemm.k


def _plain(operand: Operand, values: int) -> Size:
    """Where no pattern is skipped: every distinct one of `values` values lies in memory once."""
    return Size(value_bits=min(operand.distinct or values, values) * DTYPES[operand.dtype], metadata_bits=0)
