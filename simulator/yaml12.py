"""YAML 1.2 core, read into values that know where they were written; everything that surprises is refused."""

import os
import re
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yamlcore import CCoreLoader

from simulator.errors import InputError, shown
from simulator.places import PROBLEMS_MAX, Found, KeyPath, Node, Place, printable, refuse

BYTES_MAX = 2**20
DEPTH_MAX = 32
NODES_MAX = 20_000
INT_MAX = 2**63 - 1
DIGITS_MAX = 40

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def read_file(path: Path, name: str) -> str:
    """The text of a regular UTF-8 file of at most 1 MiB; never blocks, whatever `path` is."""
    where = printable(name)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise InputError.of(f"this is a {_kind(handle)}", "give the path of a YAML file", where=where)
            data = b""
            while len(data) <= BYTES_MAX and (more := os.read(handle, BYTES_MAX + 1 - len(data))):
                data += more
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise InputError.of("no such file", "give the path of a YAML file", where=where) from None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = (isinstance(error, OSError) and error.strerror) or "no file has such a name"
        raise InputError.of(
            f"cannot be read ({reason.lower()})", "give the path of a readable file", where=where
        ) from None
    if len(data) > BYTES_MAX:
        raise InputError.of(
            f"is longer than {BYTES_MAX} bytes", "a file written by hand is shorter", where=where
        )
    return _decoded(data, where)


def _kind(handle: int) -> str:
    mode = os.fstat(handle).st_mode
    return "directory" if stat.S_ISDIR(mode) else "device or pipe"


def _decoded(data: bytes, where: str) -> str:
    """The bytes as text, without a byte order mark; InputError points to the first byte that is not UTF-8."""
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise InputError.of(
            f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8",
            "save the file as UTF-8",
            where=f"{where}:{line}:{column}",
        ) from None
    return text


def parse(text: str, source: str, rank: int = 0) -> tuple[Node | None, list[Found]]:
    """The one document of `text` (None if it is empty) and the problems that did not stop the reading.

    Raises InputError for what does: a syntax error, a second document, too deep, too many values.
    """
    reader = _Reader(source=source, rank=rank)
    reader.check_characters(text)
    loader = CCoreLoader(text)
    try:
        while loader.check_event():
            reader.take(loader.get_event(), loader)
    except yaml.MarkedYAMLError as error:
        reader.stop_at_syntax(error, text)
    except yaml.YAMLError as error:
        reader.stop(1, 1, f"this is not YAML ({printable(str(error))})", "write YAML 1.2")
    finally:
        loader.dispose()
    return reader.root, reader.problems


@dataclass(slots=True, kw_only=True)
class _Open:
    """A mapping or list whose end has not been read; `key` waits for its value, which `skip` throws away."""

    node: Node
    is_key: bool = False
    key: str | None = None
    key_place: Place | None = None
    skip: bool = False


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Builds the tree from YAML events with a stack of its own, so that depth costs no recursion."""

    source: str
    rank: int
    root: Node | None = None
    problems: list[Found] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    documents: int = 0
    nodes: int = 0

    def place(self, line: int, column: int) -> Place:
        """Line and column of the text, both from 1; a setting has none."""
        if self.source.startswith("--set "):
            return Place(self.rank, 0, 0, self.source)
        return Place(self.rank, line, column, self.source)

    def path(self) -> KeyPath:
        """Where in the file the reader is."""
        path: list[str | int] = []
        for one in self.stack:
            if isinstance(one.node.value, list):
                path.append(len(one.node.value))
            elif one.key is not None:
                path.append(one.key)
        return tuple(path)

    def stop(self, line: int, column: int, what: str, right: str) -> NoReturn:
        """Refuse the whole text."""
        refuse([*self.problems, Found.at(self.place(line, column), (), what, right)])

    def note(self, place: Place, what: str, right: str) -> None:
        """Record a problem and read on, unless there are too many already."""
        self.problems.append(Found.at(place, self.path(), what, right))
        if len(self.problems) > PROBLEMS_MAX:
            refuse(self.problems)

    def check_characters(self, text: str) -> None:
        """Refuse control characters, and the directives that would change what the text means."""
        if match := _UNPRINTABLE.search(text):
            ends = [end.end() for end in _LINE_END.finditer(text, 0, match.start())]
            column = match.start() - (ends[-1] if ends else 0) + 1
            what = f"the character U+{ord(match[0]):04X} may not stand in YAML"
            self.stop(len(ends) + 1, column, what, "take it out")
        for number, line in enumerate(_LINE_END.split(text), 1):
            if line.startswith("%"):
                what = f"{shown(line)} is a directive"
                self.stop(number, 1, what, "leave it out: a file is read as YAML 1.2 as it stands")

    def stop_at_syntax(self, error: yaml.MarkedYAMLError, text: str) -> NoReturn:
        """Refuse the text where the YAML parser stopped, in one line."""
        lines = _LINE_END.split(text.rstrip())
        mark = error.problem_mark or error.context_mark
        if mark and mark.line >= len(lines):
            mark = error.context_mark or mark  # at the end of the file, what was left open says more
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        rest = lines[line - 1][column - 1 :] if line <= len(lines) else ""
        if rest.startswith("\t"):
            self.stop(line, column, "a tab stands where only spaces may", "indent with spaces")
        what = f"this is not YAML ({printable(error.problem or 'it ends too early')})"
        self.stop(line, column, what, "close what is open, and quote text with special characters")

    def take(self, event: yaml.Event, loader: CCoreLoader) -> None:
        """Take the next event."""
        mark: Any = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.stop(line, column, "a second document starts here", "a file holds one document")
        elif isinstance(event, yaml.CollectionEndEvent):
            self.close()
        elif isinstance(event, yaml.NodeEvent):
            self.nodes += 1
            if self.nodes > NODES_MAX:
                self.stop(line, column, f"more than {NODES_MAX} values", "write fewer")
            self.add(event, self.place(line, column), loader)

    def add(self, event: Any, place: Place, loader: CCoreLoader) -> None:
        """Place a key, a scalar, or the start of a mapping or list."""
        top = self.stack[-1] if self.stack else None
        wants_key = top is not None and isinstance(top.node.value, dict) and top.key is None
        if event.anchor is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            what = f"{shown(sign + event.anchor)} is an anchor or alias"
            self.note(place, what, "write the value where it is used")
        if getattr(event, "tag", None) is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.note(place, f"{shown(tag)} is a tag", "leave it out: values carry no tags here")
        if isinstance(event, yaml.CollectionStartEvent):
            empty: dict[str, Node] | list[Node] = {} if isinstance(event, yaml.MappingStartEvent) else []
            opened = _Open(node=Node(value=empty, place=place))
            if wants_key and top is not None:
                self.note(place, "a mapping or list is used as a key", "a key is text")
                opened.is_key = True
            self.stack.append(opened)
            if len(self.stack) > DEPTH_MAX:
                self.stop(place.line, place.column, f"nested deeper than {DEPTH_MAX} levels", "nest less")
        elif wants_key and top is not None:
            self.take_key(top, event, place, loader)
        else:
            self.put(self.scalar(event, place, loader))

    def take_key(self, top: _Open, event: Any, place: Place, loader: CCoreLoader) -> None:
        """Remember a key until its value comes; the value of a key that may not stand here is skipped."""
        key = event.value if isinstance(event, yaml.ScalarEvent) else ""
        top.key, top.key_place, top.skip = key, place, True
        if isinstance(event, yaml.AliasEvent):
            return
        if key == "<<":
            self.note(place, "`<<` merges mappings", "write the keys out, or use `extends`")
        elif loader.resolve(yaml.ScalarNode, key, event.implicit) != "tag:yaml.org,2002:str":
            self.note(place, f"the key {shown(key)} is not text", "a key is text")
        elif isinstance(top.node.value, dict) and (first := top.node.value.get(key)) is not None:
            written = f" on line {first.key.line}" if first.key and first.key.line else ""
            self.note(place, f"the key {shown(key)} is written twice", f"keep one; the first is{written}")
        else:
            top.skip = False

    def close(self) -> None:
        """End the innermost mapping or list."""
        done = self.stack.pop()
        top = self.stack[-1] if self.stack else None
        if done.is_key and top is not None:
            top.key, top.key_place, top.skip = "", done.node.place, True
        else:
            self.put(done.node)

    def put(self, node: Node) -> None:
        """Hand a finished value to what holds it."""
        top = self.stack[-1] if self.stack else None
        if top is None:
            self.root = node
        elif isinstance(top.node.value, list):
            top.node.value.append(node)
        elif isinstance(top.node.value, dict) and top.key is not None:
            if not top.skip:
                top.node.value[top.key] = replace(node, key=top.key_place)
            top.key, top.skip = None, False

    def scalar(self, event: Any, place: Place, loader: CCoreLoader) -> Node:
        """The value of a scalar under YAML 1.2 core; a number that cannot be used is refused."""
        if isinstance(event, yaml.AliasEvent):
            return Node(value=None, place=place, bad=True)
        text = event.value
        tag = loader.resolve(yaml.ScalarNode, text, event.implicit)
        number = tag.endswith((":int", ":float"))
        if number and len(text) > DIGITS_MAX:
            self.note(place, f"{shown(text)} has {len(text)} characters", "write a shorter number")
            return Node(value=None, place=place, bad=True)
        value = loader.construct_object(yaml.ScalarNode(tag, text))
        if isinstance(value, int) and abs(value) > INT_MAX:
            self.note(place, f"{shown(text)} is too large", "a whole number is below 2^63")
            return Node(value=None, place=place, bad=True)
        if isinstance(value, float) and not abs(value) < float("inf"):
            self.note(place, f"{shown(text)} is not a finite number", "write a finite one")
            return Node(value=None, place=place, bad=True)
        return Node(value=value, place=place)
