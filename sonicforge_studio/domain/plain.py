"""Domain objects as plain dicts and lists, and back: for JSON on the command line, in recipes and in the database."""

from __future__ import annotations

import functools
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from sonicforge_studio.domain.key import Key

T = TypeVar("T")

_hints = functools.cache(typing.get_type_hints)
"""Working them out costs more than all the rest."""


def to_plain(value: Any) -> Any:
    """Dataclasses as dicts, keys as "A minor", tuples as lists; NaN and infinities as None."""
    if type(value) is float:  # nearly all of an analysis
        return value if math.isfinite(value) else None
    if isinstance(value, Key):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def from_plain(kind: type[T], value: Any) -> T:
    """The inverse of ``to_plain`` for a dataclass type; unknown fields are ignored, None in a float is −inf.

    Raises ``ValueError``, ``TypeError`` or ``KeyError`` where the data does not fit.
    """
    return typing.cast(T, _revive(kind, value))


def _revive(kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        return _revive(next(option for option in typing.get_args(kind) if option is not type(None)), value)
    if kind is Key:
        return Key.parse(value)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        if not isinstance(value, Mapping):
            raise TypeError(f"{kind.__name__} is made from a mapping, not {type(value).__name__}")
        return kind(
            **{
                field.name: _revive(hints[field.name], value[field.name])
                for field in fields(kind)
                if field.name in value
            }
        )
    if origin is tuple:
        item_kinds = typing.get_args(kind)
        if len(item_kinds) == 2 and item_kinds[1] is Ellipsis:
            if item_kinds[0] is float and None not in value:
                return tuple(map(float, value))  # a beat grid has hundreds
            return tuple(_revive(item_kinds[0], item) for item in value)
        return tuple(_revive(item_kind, item) for item_kind, item in zip(item_kinds, value, strict=True))
    if origin in (dict, Mapping):
        item_kind = typing.get_args(kind)[1]
        return {name: _revive(item_kind, item) for name, item in value.items()}
    if kind is float:
        return -math.inf if value is None else float(value)
    return value
