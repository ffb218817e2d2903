"""What pydantic found wrong with a file, in the user's words and at the place that wrote it."""

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from simulator.errors import InputError, shown, suggestion
from simulator.places import PROBLEMS_MAX, Found, KeyPath, Node, Place

_WHOLE = ("{seen} is not a whole number", "write one, such as {example:8}")
_NUMBER = ("{seen} is not a number", "write one, such as {example:0.5}")
_TRUTH = ("{seen} is neither true nor false", "write true or false")
_TEXT = ("{seen} is not text", "write text; quotes make text of anything")
_LIST = ("{seen} is not a list", "write a list, as in {example:[a, b]}")
_MAPPING = ("{seen} is not a mapping", "write keys and values{keys}")

SENTENCES = {
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": ("{seen} is too large", "a whole number is below 2^63"),
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": ("{seen} is not a finite number", "write a finite one"),
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "string_type": _TEXT,
    "string_too_short": ("{seen} is too short", "it has at least {min_length} characters"),
    "string_too_long": ("{seen} is too long", "it has at most {max_length} characters"),
    "string_pattern_mismatch": ("{seen} is not written as it must be", "it matches {pattern}"),
    "greater_than": ("{seen} is too small", "it is more than {gt}"),
    "greater_than_equal": ("{seen} is too small", "it is at least {ge}"),
    "less_than": ("{seen} is too large", "it is less than {lt}"),
    "less_than_equal": ("{seen} is too large", "it is at most {le}"),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "too_short": ("has {actual_length} of them", "it has at least {min_length}"),
    "too_long": ("has more than {max_length} of them", "it has at most {max_length}"),
}
"""What is wrong and what would be right, for each of pydantic's error types that needs no thought."""


def problems_of(error: ValidationError, root: Node, model: type[BaseModel]) -> list[Found]:
    """The problems behind a ValidationError, at most a few more than are ever shown.

    A value that was already refused while reading (`bad`, or a null) is not complained about again.
    """
    located = []
    for detail in error.errors(include_url=False, include_input=False):
        path, node = _locate(root, detail["loc"], missing=detail["type"] == "missing")
        unknown = detail["type"] == "extra_forbidden"
        if unknown or not (node.bad or node.value is None):
            by_key = unknown or detail["loc"][-1:] == ("[key]",)
            located.append((node.key or node.place if by_key else node.place, path, node, detail))
    located.sort(key=lambda one: one[0])
    found: list[Found] = []
    for place, path, node, detail in located:
        if len(found) <= PROBLEMS_MAX:
            found += _translated(place, path, node, detail, model)
        else:
            found.append(Found.at(place, path, "is wrong too", "mend the first ones"))
    return list(dict.fromkeys(found))


def _locate(root: Node, loc: tuple[str | int, ...], *, missing: bool) -> tuple[KeyPath, Node]:
    """The key path that pydantic's `loc` means, and the innermost node that was written on it.

    Parts of `loc` that name no key (the branch of a union, "[key]") are left out.
    """
    path: list[str | int] = []
    node = root
    for part in loc:
        child = node.child(part)
        if child is not None:
            path.append(part)
            node = child
    return (*path, loc[-1]) if missing else tuple(path), node


def _translated(
    place: Place, path: KeyPath, node: Node, detail: Any, model: type[BaseModel]
) -> Iterator[Found]:
    """The problems that one of pydantic's errors stands for."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        example = _example(model, path)
        written = f", as in `{path[-1]}: {example}`" if example else ""
        yield Found.at(place, path, "missing", f"write it{written}")
    elif kind == "extra_forbidden":
        yield Found.at(place, path, "unknown key", suggestion(str(path[-1]), _keys(model, path[:-1])))
    elif kind in ("literal_error", "enum"):
        names = re.findall(r"'([^']*)'", context["expected"]) or re.findall(r"-?[0-9]+", context["expected"])
        known = suggestion(node.value if isinstance(node.value, str) else "", names)
        yield Found.at(place, path, f"{_seen(node)} is none of the values known here", known)
    elif isinstance(context.get("error"), InputError):
        for problem in context["error"].problems:
            inner, spot = _inner(path, node, problem.where)
            yield Found.at(spot, inner, problem.what, problem.right)
    elif kind in ("value_error", "assertion_error"):
        reason = str(context.get("error", "")) or "it breaks a rule"
        yield Found.at(place, path, f"{_seen(node)} is refused ({shown(reason, 200)[1:-1]})", "mend it")
    else:
        what, right = SENTENCES.get(kind, ("{seen} cannot be used here", "write another value"))
        keys = ", ".join(_keys(model, path))
        words = _Words(context, seen=_seen(node), keys=f": {keys}" if keys else "")
        example = _example(model, path)
        parts = re.split(r"\{example:(.*?)\}", right)
        said = [example or part if index % 2 else part.format_map(words) for index, part in enumerate(parts)]
        yield Found.at(place, path, what.format_map(words), "".join(said))


class _Words(dict[str, Any]):
    """Words for a sentence; one that pydantic did not send reads as a dash."""

    def __init__(self, context: dict[str, Any], **words: str) -> None:
        super().__init__({**context, **words})

    def __missing__(self, key: str) -> str:
        return "-"


def _inner(path: KeyPath, node: Node, where: str) -> tuple[KeyPath, Place]:
    """The key that a model's own check names relative to itself, and the nearest place written on the way."""
    for text in where.split(".") if where else ():
        part = int(text) if re.fullmatch("[0-9]{1,9}", text) and isinstance(node.value, list) else text
        path = (*path, part)
        node = node.child(part) or node
    return path, node.place


def _seen(node: Node) -> str:
    """The value as a message names it."""
    return f"the text {shown(node.value)}" if isinstance(node.value, str) else shown(node.value)


def _at(model: type[BaseModel], path: KeyPath) -> tuple[list[FieldInfo], list[type[BaseModel]]]:
    """The fields that `path` may mean and the models that may stand there; several under a union."""
    fields: list[FieldInfo] = []
    models = [model]
    for part in path:
        if isinstance(part, int):
            fields = []
            continue
        fields = [
            field
            for one in models
            for name, field in one.model_fields.items()
            if part == (field.alias or name)
        ]
        models = models_in([field.annotation for field in fields]) if fields else models
    return fields, models


def _keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    """The keys that are known in the mapping at `path`."""
    _, models = _at(model, path)
    known = {field.alias or name for one in models for name, field in one.model_fields.items()}
    return sorted(known if path else known | {"spec", "extends"})


def models_in(annotations: list[Any]) -> list[type[BaseModel]]:
    """The models named anywhere in some type annotations, as in tuple[Level, ...] | None."""
    models: list[type[BaseModel]] = []
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            models.append(annotation)
        else:
            models += models_in(list(get_args(annotation)))
    return models


def _example(model: type[BaseModel], path: KeyPath) -> str:
    """The first example of the field at `path`, as a person would write it in YAML."""
    for field in _at(model, path)[0]:
        for example in field.examples or ():
            return flow(example)
    return ""


def flow(value: object) -> str:
    """A value as YAML writes it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
