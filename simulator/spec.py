"""The generic layer between a YAML file that a person writes and a checked pydantic model.

Read, lay over the file that it `extends`, apply settings, check: every problem is reported at once, in order
of place, as `file:line:column: key: what is wrong; what would be right`. No environment, no expressions.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from simulator.errors import InputError, shown, suggestion
from simulator.notebook import line
from simulator.places import Found, KeyPath, Node, Place, dotted, printable, refuse
from simulator.spec_errors import problems_of
from simulator.yaml12 import DEPTH_MAX, parse, read_file

SPEC_VERSION = 1
EXTENDS_MAX = 8
SETTINGS_KEPT = 2**12  # values of settings that are kept as they were read


class Written(BaseModel):
    """The base of every model that a person writes: frozen, strict, and no key beyond those it names."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _printable(text: str) -> str:
    """Refuse a text that a table could not show on one line."""
    if not text.isprintable():
        raise InputError.of(f"{shown(text)} has characters that do not print", "leave them out")
    return text


Text = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_printable)]
"""A text that is shown to people: on one line, and not endless."""
Name = Annotated[Text, Field(max_length=200)]
"""A Text that names something."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Generic[M]):
    """A checked file: its value, and what a result must say about where it came from.

    `digest` is the sha256 of the resolved content as canonical JSON, so comments, key order and the way the
    content is spread over files do not change it. `origin` maps the path of each key to the place that wrote
    its value. `name` is the path as the user wrote it.
    """

    value: M
    digest: str
    origin: Mapping[tuple[str | int, ...], str]
    name: str

    def __repr__(self) -> str:
        return line(f"Loaded {type(self.value).__name__}", self.name, f"sha256 {self.digest[:12]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file and those that it extends write: read once, checked under any settings."""

    root: Node
    problems: tuple[Found, ...]
    name: str

    def load(self, model: type[M], *, settings: Sequence[str] = ()) -> Loaded[M]:
        """The content as a `model`, with `settings` laid over it; InputError with every problem."""
        root, problems = self.root, [*self.problems]
        for rank, setting in enumerate(settings, EXTENDS_MAX + 1):
            root, wrong = _with_setting(root, setting, rank)
            problems += wrong
        nodes = [*_walk(root, ())]
        problems += _nulls(nodes)
        content: Any = root.plain()
        read = {key: value for key, value in content.items() if key != "spec" or key in model.model_fields}
        try:
            value = model.model_validate_json(json.dumps(read), strict=True)
        except ValidationError as error:
            refuse([*problems, *problems_of(error, root, model)])
        if problems:
            refuse(problems)
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return Loaded(
            value=value,
            digest=hashlib.sha256(canonical.encode()).hexdigest(),
            origin={key: str(node.place) for key, node in nodes},
            name=self.name,
        )


def load_spec(path: str | Path, model: type[M], *, settings: Sequence[str] = ()) -> Loaded[M]:
    """The file at `path` as a `model`, with `settings` such as "core.array.rows=32" laid over it.

    Every file starts with `spec: 1`. `extends: other.yaml` names a file, relative to this one, that gives the
    keys which this one does not write: mappings are merged, lists replaced, a null takes the base's key away.
    Raises InputError with every problem.
    """
    return read_spec(path).load(model, settings=settings)


def read_spec(path: str | Path) -> Content:
    """The Content of the file at `path`; InputError where it cannot be read at all."""
    root, problems = _extended(Path(path), str(path), ())
    return Content(root=root, problems=tuple(problems), name=str(path))


def is_path(name_or_path: str | Path) -> bool:
    """Whether this is a path and no name: a Path, or text with a / in it or that ends in .yaml or .yml."""
    text = str(name_or_path)
    return isinstance(name_or_path, Path) or "/" in text or text.endswith((".yaml", ".yml"))


def read_keys(path: str | Path) -> frozenset[str]:
    """The keys at the top of the file at `path`, those of files that it extends included, without a check."""
    root, _ = _extended(Path(path), str(path), ())
    return frozenset(root.value) if isinstance(root.value, dict) else frozenset()


def read_content(path: str | Path) -> dict[str, Any]:
    """What the file at `path` and those that it extends write, without a check."""
    root, _ = _extended(Path(path), str(path), ())
    content: Any = root.plain()
    return content if isinstance(content, dict) else {}


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of files that hold a `model`, for editors."""
    schema = model.model_json_schema()
    layer = {
        "spec": {"const": SPEC_VERSION, "description": "version of the file's keys"},
        "extends": {
            "type": "string",
            "description": "a file, relative to this one, that gives the other keys",
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "properties": {**layer, **schema.get("properties", {})},
        "required": sorted({"spec", *schema.get("required", [])}),
    }


def _extended(path: Path, name: str, below: tuple[Path, ...], asked: str = "") -> tuple[Node, list[Found]]:
    """The content of a file laid over what it extends; `below` are the files that led here, by `asked`."""
    try:
        text = read_file(path, name)
    except InputError as error:
        raise error.at(asked) if asked else error from None
    chain = (*below, path.resolve())
    if chain[-1] in below:
        raise InputError.of(f"{printable(name)} extends itself in the end", "leave one out", where=asked)
    if len(below) > EXTENDS_MAX:
        raise InputError.of(f"more than {EXTENDS_MAX} files extend one another", "use fewer", where=asked)
    root, found = parse(text, printable(name), len(below))
    if root is None:
        raise InputError.of(
            "the file is empty", f"start it with `spec: {SPEC_VERSION}`", where=printable(name)
        )
    if not isinstance(root.value, dict):
        refuse([*found, Found.at(root.place, (), "the file is no mapping", "write keys and values")])
    found += _version(root)
    keys = dict(root.value)
    extends = keys.pop("extends", None)
    root = replace(root, value=keys)
    if extends is None:
        return root, found
    if not isinstance(extends.value, str):
        what, right = "this names no file", "write the path of a YAML file"
        refuse([*found, Found.at(extends.place, ("extends",), what, right)])
    asked = f"{extends.place}: extends"
    base = str(Path(name).parent / extends.value)
    under, more = _extended(path.parent / extends.value, base, chain, asked)
    return _laid_over(root, under), found + more


def _version(root: Node) -> Iterator[Found]:
    """Refuse a file of another version; a newer one stops the reading, since its keys mean who knows what."""
    node = root.child("spec")
    if node is None:
        yield Found.at(root.place, ("spec",), "missing", f"start the file with `spec: {SPEC_VERSION}`")
    elif type(node.value) is int and node.value > SPEC_VERSION:
        what = f"{node.value} is newer than this program, which reads {SPEC_VERSION}"
        refuse([Found.at(node.place, ("spec",), what, "update the program")])
    elif (type(node.value), node.value) != (int, SPEC_VERSION) and not node.bad and node.value is not None:
        what = f"{shown(node.plain())} is no version of the keys"
        yield Found.at(node.place, ("spec",), what, f"write `spec: {SPEC_VERSION}`")


def _laid_over(over: Node, base: Node) -> Node:
    """`over` with the keys that only `base` writes; a null takes a key away (JSON merge patch, RFC 7396)."""
    if not (isinstance(over.value, dict) and isinstance(base.value, dict)):
        return over
    keys = dict(base.value)
    for key, node in over.value.items():
        if key in keys and node.value is None and not node.bad:
            del keys[key]
        else:
            keys[key] = _laid_over(node, keys[key]) if key in keys else node
    return replace(over, value=keys)


def _with_setting(root: Node, setting: str, rank: int) -> tuple[Node, list[Found]]:
    """The content with `key=value` laid over it, the value read as YAML; a null takes the key away."""
    key, equals, text = setting.partition("=")
    place = Place(rank, 0, 0, f"--set {shown(setting, 80)[1:-1]}")
    parts = key.split(".")
    if not equals:
        return root, [Found.at(place, (), "it has no `=`", "write key=value, as in core.array.rows=32")]
    if not all(parts) or len(parts) > DEPTH_MAX:
        return root, [Found.at(place, (), f"{shown(key)} names no key", "write one, as in core.array.rows")]
    if parts[0] in ("spec", "extends"):
        return root, [Found.at(place, (), f"`{parts[0]}` cannot be set", "write it in the file")]
    try:
        value, found = _parsed(text, place.source, rank)
    except InputError as error:
        return root, [Found(place, problem) for problem in error.problems]
    if value is None:
        return root, [*found, Found.at(place, (), "it has no value", "write key=value")]
    try:
        return _set(root, parts, value, ()), [*found]
    except InputError as error:
        return root, [*found, *(Found(place, problem.at(str(place))) for problem in error.problems)]


@lru_cache(maxsize=SETTINGS_KEPT)
def _parsed(text: str, source: str, rank: int) -> tuple[Node | None, tuple[Found, ...]]:
    """`parse`, once for each text of a setting."""
    root, found = parse(text, source, rank)
    return root, tuple(found)


def _set(node: Node, parts: list[str], value: Node, path: KeyPath) -> Node:
    """`node` with `value` at the key path `parts`; an item of a list goes by its index or its name."""
    if not parts:
        return replace(value, key=node.key or value.place)
    part = parts[0]
    if isinstance(node.value, list):
        names = [item.child("name") for item in node.value]
        known = [str(name.value) if name else str(index) for index, name in enumerate(names)]
        index = int(part) if re.fullmatch("[0-9]{1,9}", part) else known.index(part) if part in known else -1
        if not 0 <= index < len(node.value):
            right = suggestion(part, known)
            raise InputError.of(
                f"`{dotted(path)}` has no item {shown(part)}", right, where=dotted((*path, part))
            )
        items = list(node.value)
        items[index] = _set(items[index], parts[1:], value, (*path, index))
        return replace(node, value=items)
    if not isinstance(node.value, dict):
        what = f"`{dotted(path)}` is one value and holds no keys"
        raise InputError.of(what, f"set `{dotted(path)}` itself", where=dotted((*path, part)))
    keys = dict(node.value)
    if len(parts) == 1 and value.value is None and not value.bad and part in keys:
        del keys[part]
    else:
        inner = keys.get(part, Node(value={}, place=value.place))
        keys[part] = _set(inner, parts[1:], value, (*path, part))
    return replace(node, value=keys)


def _walk(node: Node, path: KeyPath) -> Iterator[tuple[KeyPath, Node]]:
    """Every value of the tree with its key path, from the outside in."""
    yield path, node
    inside: Any = node.value.items() if isinstance(node.value, dict) else ()
    for part, child in enumerate(node.value) if isinstance(node.value, list) else inside:
        yield from _walk(child, (*path, part))


def _nulls(nodes: Iterable[tuple[KeyPath, Node]]) -> Iterator[Found]:
    """Keys that are written without a value, which must not pass for a default."""
    for path, node in nodes:
        if node.value is None and not node.bad:
            yield Found.at(node.place, path, "it has no value", "write one, or leave the key out")
