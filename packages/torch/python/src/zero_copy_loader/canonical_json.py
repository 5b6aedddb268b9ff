"""Canonical JSON (RFC 8785): one text for one value, whatever language writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import rfc8785

from .errors import ZcError
from .limits import SAFE_INTEGER_MAX

#: Deeper values would end in the interpreter's recursion limit instead of a coded error.
DEPTH_MAX = 200


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


def loads(text: bytes | memoryview) -> Any:
    """Parses JSON as strictly as JavaScript does. Raises ValueError with the reason.

    Integers beyond 2^53 - 1 become floats: their digits are the shortest that name a float64, not its value.
    """
    try:
        return json.loads(str(text, "utf-8"), parse_constant=_refuse_constant, parse_int=_parse_integer)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _parse_integer(digits: str) -> int | float:
    value = int(digits)
    return value if abs(value) <= SAFE_INTEGER_MAX else float(digits)


def _plain(value: object, depth: int) -> Any:
    if value is None or isinstance(value, (str, bool)):
        return value
    if depth == DEPTH_MAX:
        raise ZcError("ZC_FORMAT_VALUE", f"a JSON value is nested more than {DEPTH_MAX} deep")
    if isinstance(value, (np.generic, np.ndarray)):
        return _plain(value.tolist(), depth + 1)
    if isinstance(value, int):
        return value if abs(value) <= SAFE_INTEGER_MAX else _wide_integer(value)
    if isinstance(value, float):
        return value
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    raise ZcError("ZC_FORMAT_VALUE", f"a {type(value).__name__} is no JSON value")


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
