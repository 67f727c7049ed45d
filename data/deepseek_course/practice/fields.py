"""Fills dataclasses from what TOML or JSON says, and names the first thing that does not fit."""

from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Literal, get_args, get_origin, get_type_hints

NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def filled(kind: type, said: object, place: str = ""):
    """What was said, as a value of a kind.

    Args:
        kind: a dataclass, text, number, Literal, tuple of such, or one of several of these.
        said: tables as dicts, lists, texts and numbers.
        place: where it stands, such as "mistakes[2].value", for the message.

    Raises:
        ValueError: a field that is not there, one that is missing, or another kind of value.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _table(kind, said, place)
    if origin is Literal:
        if said in inner:
            return said
        raise ValueError(f"{place} is {said!r}; it can be {', '.join(map(repr, inner))}")
    if origin is UnionType:
        return _one_of([each for each in inner if each is not NoneType], said, place)
    if origin is tuple:
        return _row(inner, said, place)
    if (kind is float and type(said) is int) or type(said) is kind:
        return said
    raise ValueError(f"{place} is {said!r}, which is not {NAMES[kind]}")


_types = cache(get_type_hints)


def _table(kind: type, said: object, place: str):
    if not isinstance(said, dict):
        raise ValueError(f"{place} is {said!r}, which has no fields")
    known, types = {field.name: field for field in fields(kind)}, _types(kind)
    dot = f"{place}." if place else ""
    for name in said.keys() - known.keys():
        raise ValueError(f"there is no field {dot}{name}; there are {', '.join(sorted(known))}")
    for name, field in known.items():
        if name not in said and field.default is MISSING:
            raise ValueError(f"the field {dot}{name} is missing")
    return kind(**{name: filled(types[name], value, dot + name) for name, value in said.items()})


def _row(kinds: tuple, said: object, place: str) -> tuple:
    if not isinstance(said, list):
        raise ValueError(f"{place} is {said!r}, which is not a list")
    if kinds[-1] is ...:
        kinds = kinds[:1] * len(said)
    if len(said) != len(kinds):
        raise ValueError(f"{place} has {len(said)} values instead of {len(kinds)}")
    pairs = enumerate(zip(kinds, said, strict=True), start=1)
    return tuple(filled(kind, value, f"{place}[{number}]") for number, (kind, value) in pairs)


def _one_of(kinds: list[type], said: object, place: str):
    for kind in kinds[:-1]:
        try:
            return filled(kind, said, place)
        except ValueError:
            pass
    return filled(kinds[-1], said, place)
