"""The files of a trace directory: meta.json and Parquet parts, written whole and checked when read."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from simulator.errors import InputError
from simulator.gemm import Step
from simulator.trace_rows import COUNTS, SCHEMA, TEXTS, Row, Works, added_since, step_of
from simulator.version import __version__

META = "meta.json"
META_BYTES_MAX = 2**24
PART_BYTES_MAX = 2**28
ROWS_MAX = 250_000  # what loads within seconds and 1 GiB
BATCH_ROWS = 8192
TRACE = "name a directory that `nmsim trace` wrote"
AGAIN = "restore this file or write the trace again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One Parquet file of a trace: its name, its rows, and the digest of its bytes."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceMeta:
    """What meta.json says: provenance, the parts in order, whether the run reached its end, the schema."""

    provenance: Mapping[str, Any]
    parts: tuple[Part, ...]
    complete: bool
    schema: int = SCHEMA

    def with_part(self, name: str, data: bytes, *, rows: int) -> "TraceMeta":
        """The same with one more part; InputError where it would be more than is ever read."""
        if sum(part.rows for part in self.parts) + rows > ROWS_MAX:
            right = "write fewer distinct steps, or more traces"
            raise InputError.of(f"a trace of more than {ROWS_MAX} rows", right)
        part = Part(name=name, rows=rows, sha256=hashlib.sha256(data).hexdigest())
        return replace(self, parts=(*self.parts, part))

    def to_bytes(self) -> bytes:
        """The file's content, the same for the same meta; it ends with the digest of all the rest."""
        content: dict[str, Any] = {
            "schema": self.schema,
            "tool": "nmsim",
            "version": __version__,
            "complete": self.complete,
            "provenance": dict(self.provenance),
            "parts": [asdict(part) for part in self.parts],
        }
        content["sha256"] = _digest(content)
        return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"


def _digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of what meta.json says, but for the digest itself, however it is laid out."""
    rest = {name: value for name, value in content.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def part_name(index: int) -> str:
    """The file name of part `index`."""
    return f"part-{index:05d}.parquet"


def part_bytes(rows: list[Row]) -> bytes:
    """The rows as one Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_pylist(rows, schema=_columns(SCHEMA)), sink, compression="zstd", version="2.6"
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _columns(schema: int) -> Any:
    """The columns of a part in a trace of that schema, in Parquet's types."""
    import pyarrow as pa

    types = {name: pa.string() for name in TEXTS} | {name: pa.int64() for name in COUNTS}
    later = added_since(schema)
    return pa.schema([(name, kind) for name, kind in types.items() if name not in later])


def read_meta(folder: Path) -> TraceMeta:
    """The meta of the trace in `folder`; InputError for anything that is not one that this version reads."""
    where = str(folder / META)
    with suppress(OSError):  # a name that the system refuses is said when the file is read
        if not folder.is_dir():
            found = "is not a directory" if folder.exists() else "does not exist"
            raise InputError.of(found, TRACE, where=str(folder))
    content = _json(folder / META)
    if not isinstance(content, dict) or content.get("tool") != "nmsim":
        raise InputError.of("is not a trace's meta.json", TRACE, where=where)
    schema: Any = content.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        written = f"written by nmsim {content.get('version')!s:.20}"
        raise InputError.of(
            f"schema {schema:d} ({written}) is newer than this nmsim {__version__} reads, which is {SCHEMA}",
            "upgrade nmsim",
            where=where,
        )
    try:
        parts = tuple(Part(**part) for part in content["parts"])
        meta = TraceMeta(
            provenance=content["provenance"], parts=parts, complete=content["complete"], schema=schema
        )
        sound = (
            type(schema) is int
            and 1 <= schema <= SCHEMA
            and content.get("sha256") == _digest(content)
            and isinstance(meta.provenance, dict)
            and isinstance(meta.complete, bool)
            and all(re.fullmatch(r"part-[0-9]{5}\.parquet", part.name) for part in parts)
            and 0 <= sum(part.rows for part in parts) <= ROWS_MAX
        )
    except (KeyError, TypeError):
        sound = False
    if not sound:
        raise InputError.of("is damaged", "write the trace again", where=where)
    return meta


def _json(path: Path) -> object:
    try:
        return json.loads(read_regular(path, META_BYTES_MAX, right=TRACE))
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError.of("is no JSON", "write the trace again", where=str(path)) from error


def read_regular(path: Path, most: int, *, right: str) -> bytes:
    """The bytes of a regular file of at most `most` bytes; never blocks, whatever `path` is."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError.of("is no regular file", right, where=str(path))
            data = file.read(most + 1)
    except OSError as error:
        raise InputError.of(f"cannot be read: {error.strerror}", right, where=str(path)) from error
    if len(data) > most:
        raise InputError.of(f"is larger than {most // 2**20} MiB", right, where=str(path))
    return data


def read_part(folder: Path, part: Part, schema: int) -> Iterator[Step]:
    """The Steps of a part of a trace of that schema, after its bytes, columns and sizes were checked."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / part.name
    data = read_regular(path, PART_BYTES_MAX, right=AGAIN)
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise _unusable(path, "is not the file that meta.json names: its digest differs")
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        groups = (file.metadata.row_group(index) for index in range(file.metadata.num_row_groups))
        if file.schema_arrow != _columns(schema):
            raise _unusable(path, "has other columns than a trace")
        if (
            file.metadata.num_rows != part.rows
            or sum(group.total_byte_size for group in groups) > PART_BYTES_MAX
        ):
            raise _unusable(path, "has another size than meta.json says")
        yield from _steps(file, path, added_since(schema))
    except (pa.ArrowException, OSError) as error:
        raise _unusable(path, "is no Parquet file") from error


def _unusable(path: Path, what: str) -> InputError:
    return InputError.of(what, AGAIN, where=str(path))


def _steps(file: Any, path: Path, lacking: Row) -> Iterator[Step]:
    index, works = 0, Works()
    for batch in file.iter_batches(batch_size=BATCH_ROWS):
        for row in batch.to_pylist():
            try:
                yield step_of(lacking | row, works)
            except InputError as error:
                raise error.at(f"{path}: row {index}") from None
            index += 1
