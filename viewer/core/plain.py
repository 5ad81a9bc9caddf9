"""Plain values: range checks, and frozen dataclasses as JSON and strictly back."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import math
import types
import typing
from collections.abc import Iterable
from functools import cache
from typing import Any

LONGEST_TEXT = 400
"""Characters of one value."""
OMITTED_BY_DEFAULT = {"omitted by default": True}
"""Metadata of a dataclass field that `to_plain` writes only if it differs from its default."""


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise ValueError unless `value` is between `low` and `high`; NaN is not."""
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}; it must be between {low} and {high}")


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Raise ValueError unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name} is {_short(value)}; it must be one of {', '.join(choices)}")


def to_plain(value: Any) -> Any:
    """Turn dataclasses into dictionaries, tuples into lists and bytes into base64; other values stay as they are."""
    if dataclasses.is_dataclass(value):
        fields = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return {
            field.name: to_plain(part)
            for field, part in fields
            if field.metadata != OMITTED_BY_DEFAULT or part != field.default
        }
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return [to_plain(part) for part in value] if isinstance(value, tuple) else value


def from_plain(kind: Any, value: Any, where: str) -> Any:
    """Turn what `to_plain` returned back into a `kind`: str, bytes, bool, int, float, None, tuples, dataclasses.

    where: the name of the value in error messages. Missing fields get their defaults. Raises ValueError for unknown
    fields, wrong types, NaN, and what the dataclasses refuse.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, value, where)
    if origin is types.UnionType:
        return None if value is None else from_plain(arguments[0], value, where)
    if origin is tuple:
        kinds = [arguments[0]] * len(value) if arguments[1:] == (...,) and isinstance(value, list) else arguments
        if not isinstance(value, list) or len(value) != len(kinds):
            raise ValueError(f"{where} is {_short(value)}; it must be a list of the right length")
        parts = zip(kinds, value, strict=True)
        return tuple(from_plain(part, one, f"{where}[{place}]") for place, (part, one) in enumerate(parts))
    if kind is float and type(value) in (int, float) and abs(value) <= 1e300 and math.isfinite(value):
        return float(value)
    if kind is bytes and type(value) is str:
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError(f"{where} is {_short(value)}; it must be {_NAMES[kind]}") from error
    if kind is float or type(value) is not kind:
        raise ValueError(f"{where} is {_short(value)}; it must be {_NAMES[kind]}")
    if kind is str and (len(value) > LONGEST_TEXT or any("\ud800" <= character <= "\udfff" for character in value)):
        raise ValueError(f"{where} is a text that cannot be shown")
    return value


_NAMES = {str: "text", bytes: "base64", bool: "true or false", int: "a whole number", float: "a finite number"}


def _dataclass(kind: Any, value: Any, where: str) -> Any:
    hints = _hints(kind)
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {_short(value)}; it must be an object")
    if unknown := sorted(value.keys() - hints.keys()):
        raise ValueError(f"{where} has an unknown field {_short(unknown[0])}")
    fields = {name: from_plain(hints[name], one, f"{where}.{name}") for name, one in value.items()}
    missing = [
        field.name
        for field in dataclasses.fields(kind)
        if field.name not in fields and field.default is field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ValueError(f"{where} has no field {missing[0]}")
    return kind(**fields)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _short(value: Any) -> str:
    text = ascii(value) if not isinstance(value, list | dict) else type(value).__name__
    return text if len(text) <= 40 else f"{text[:37]}…"
