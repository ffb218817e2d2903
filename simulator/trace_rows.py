"""A Step as one flat row, and back: the columns of a trace's Parquet parts."""

from collections.abc import Mapping
from typing import Any

from simulator.errors import lookup
from simulator.gemm import GEMM, Gemm, Operand, Pass, Product, Span, Step, Stream
from simulator.pattern import Pattern

Row = dict[str, Any]
Works = dict[tuple[Any, ...], Product | Stream]

OPERAND_TEXTS = tuple(f"{one}_{text}" for one in "abc" for text in ("dtype", "pattern", "along", "format"))
TEXTS = ("layer", "pass", "op", "mask", "mask_along", "mask_of", *OPERAND_TEXTS)
WHEN = ("first_step", "count", "run", "period")
STREAMED = ("elements", "read_bits", "write_bits", "metadata_read_bits", "metadata_write_bits", "ops")
COUNTS = (
    *WHEN,
    *("m", "n", "k", "batch", "a_distinct", "b_distinct", "c_distinct"),
    *("mask_kept", "a_nonzeros", "b_nonzeros", "c_nonzeros"),
    *STREAMED,
)
COLUMNS = TEXTS + COUNTS
"""Every column of a part; what does not apply to a row is null."""
WORK = tuple(name for name in COLUMNS if name not in ("layer", "pass", *WHEN))
"""The columns that say what was computed."""
SCHEMA = 2
ADDED: dict[int, Row] = {
    2: {"mask_of": "b", "mask_kept": None, "a_nonzeros": None, "b_nonzeros": None, "c_nonzeros": None}
}
"""The columns that came with each schema of a trace, and what an older one says by not having them."""


def added_since(schema: int) -> Row:
    """The columns that a trace of that schema lacks, as its rows mean them."""
    return {name: value for since, row in ADDED.items() if since > schema for name, value in row.items()}


def row_of(step: Step) -> Row:
    """The flat row that says exactly what `step` says."""
    row: Row = dict.fromkeys(COLUMNS)
    row |= {"layer": step.layer, "pass": str(step.pass_)}
    row |= {name: getattr(step.when, name) for name in WHEN}
    return row | (_product_row(step.work) if isinstance(step.work, Product) else _stream_row(step.work))


def _product_row(product: Product) -> Row:
    gemm = product.gemm
    row: Row = {"op": GEMM, "m": gemm.m, "n": gemm.n, "k": gemm.k, "batch": product.batch}
    row |= {"mask": _text(product.mask), "mask_along": product.mask_along}
    row |= {"mask_kept": product.mask_kept, "mask_of": product.mask_of}
    for name in "abc":
        operand: Operand = getattr(product, name)
        row |= {
            f"{name}_dtype": operand.dtype,
            f"{name}_pattern": _text(operand.pattern),
            f"{name}_along": operand.along,
            f"{name}_format": operand.format,
            f"{name}_distinct": operand.distinct,
            f"{name}_nonzeros": operand.nonzeros,
        }
    return row


def _stream_row(stream: Stream) -> Row:
    return {"op": stream.op} | {name: getattr(stream, name) for name in STREAMED}


def step_of(row: Mapping[str, Any], works: Works) -> Step:
    """The Step that a row says, every value checked; InputError where it says none.

    `works` holds what earlier rows computed, so that equal rows share one object.
    """
    return Step(
        layer=row["layer"],
        pass_=lookup({str(one): one for one in Pass}, row["pass"], kind="pass"),
        work=_work_of(row, works),
        when=Span(**{name: row[name] for name in WHEN}),
    )


def _work_of(row: Mapping[str, Any], works: Works) -> Product | Stream:
    """The Product or Stream in the columns WORK."""
    key = tuple(row[name] for name in WORK)
    if key not in works:
        works[key] = _product_of(row) if row["op"] == GEMM else _stream_of(row)
    return works[key]


def _stream_of(row: Mapping[str, Any]) -> Stream:
    return Stream(op=row["op"], **{name: row[name] for name in STREAMED})


def _product_of(row: Mapping[str, Any]) -> Product:
    return Product(
        gemm=Gemm(m=row["m"], n=row["n"], k=row["k"]),
        batch=row["batch"],
        mask=_pattern(row["mask"]),
        mask_along=row["mask_along"],
        mask_kept=row["mask_kept"],
        mask_of=row["mask_of"],
        **{name: _operand_of(name, row) for name in "abc"},
    )


def _operand_of(name: str, row: Mapping[str, Any]) -> Operand:
    return Operand(
        dtype=row[f"{name}_dtype"],
        pattern=_pattern(row[f"{name}_pattern"]),
        along=row[f"{name}_along"],
        format=row[f"{name}_format"],
        distinct=row[f"{name}_distinct"],
        nonzeros=row[f"{name}_nonzeros"],
    )


def _text(pattern: Pattern | None) -> str | None:
    return None if pattern is None else str(pattern)


def _pattern(text: str | None) -> Pattern | None:
    return None if text is None else Pattern.parse(text)
