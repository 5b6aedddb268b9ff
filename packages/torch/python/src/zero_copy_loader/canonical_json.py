"""Canonical JSON (RFC 8785): one text for one value, whatever language writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import rfc8785

from .errors import ZcError
from .limits import JSON_DEPTH_MAX, SAFE_INTEGER_MAX, refuse_above


def dumps(value: object) -> bytes:
    """The canonical UTF-8 of a JSON value; NumPy scalars and arrays count as numbers and lists.

    Integers beyond 2^53 - 1 are written where a float64 holds them exactly, and refused with ZC_FORMAT_VALUE
    where it does not: a JSON number is a float64 in this format.
    """
    plain = _plain(value, 0)
    try:
        return rfc8785.dumps(plain)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise ZcError("ZC_FORMAT_VALUE", f"the value has no canonical JSON: {error}") from error


def loads(text: bytes | memoryview, path: str | None = None, offset: int | None = None) -> Any:
    """Parses JSON as strictly as JavaScript does. Raises ValueError with the reason, and ZC_FORMAT_LIMIT.

    Every number is a float64. One that is whole and at most 2^53 - 1 is an int, however it is spelled, any
    other a float: the digits of a wide one are the shortest that name it, not its value.
    """
    decoded = str(text, "utf-8")
    refuse_above(JSON_DEPTH_MAX, _depth_of(decoded), "the depth of the JSON", path=path, offset=offset)
    return json.loads(
        decoded, parse_constant=_refuse_constant, parse_int=_parse_number, parse_float=_parse_number
    )


def _depth_of(text: str) -> int:
    """How deep arrays and objects lie in each other, seen before the parser descends into them."""
    if text.count("[") + text.count("{") <= JSON_DEPTH_MAX:
        return 0
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", re.sub(r'"(?:[^"\\]+|\\.)*"?', "", text, flags=re.DOTALL)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _parse_number(digits: str) -> int | float:
    value = float(digits)
    return int(value) if abs(value) <= SAFE_INTEGER_MAX and value.is_integer() else value


def _plain(value: object, depth: int) -> Any:
    """The value in Python's own types; it lies ``depth`` arrays and objects deep."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (np.generic, np.ndarray)):
        return _plain(value.tolist(), depth)
    if isinstance(value, int):
        return value if abs(value) <= SAFE_INTEGER_MAX else _wide_integer(value)
    if isinstance(value, float):
        return value
    if not isinstance(value, (Mapping, list, tuple)):
        raise ZcError("ZC_FORMAT_VALUE", f"a {type(value).__name__} is no JSON value")
    if depth == JSON_DEPTH_MAX:
        raise ZcError("ZC_FORMAT_VALUE", f"a JSON value is nested more than {JSON_DEPTH_MAX} deep")
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    return [_plain(item, depth + 1) for item in value]


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise ZcError("ZC_FORMAT_VALUE", f"a key of a JSON object is {key!r}, expected a string")
    return key


def _wide_integer(value: int) -> float:
    try:
        wide = float(value)
    except OverflowError:
        wide = float("inf")
    if wide != value:
        raise ZcError("ZC_FORMAT_VALUE", f"no JSON number holds the integer {value} exactly", actual=value)
    return wide
