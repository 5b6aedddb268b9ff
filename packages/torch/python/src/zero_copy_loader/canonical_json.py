"""Canonical JSON (RFC 8785): one text for one value, whatever language writes it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

import numpy as np

from .errors import ZcError
from .limits import JSON_DEPTH_MAX, SAFE_INTEGER_MAX, refuse_above


def dumps(value: object) -> bytes:
    """The canonical UTF-8 of a JSON value; NumPy scalars and arrays count as numbers and lists.

    Integers beyond 2^53 - 1 are written where a float64 holds them exactly, and refused with ZC_FORMAT_VALUE
    where it does not: a JSON number is a float64 in this format.
    """
    parts: list[str] = []
    _write(_plain(value, 0), parts)
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError as error:
        raise ZcError("ZC_FORMAT_VALUE", f"the value has no canonical JSON: {error}") from error


def _write(value: Any, parts: list[str]) -> None:
    """Appends the text of a value in Python's own types (RFC 8785, section 3.2)."""
    if isinstance(value, dict):
        separator = "{"
        for key in sorted(value, key=_utf16):
            parts += (separator, _text_of(key), ":")
            _write(value[key], parts)
            separator = ","
        parts.append("}" if value else "{}")
    elif isinstance(value, list):
        separator = "["
        for item in value:
            parts.append(separator)
            _write(item, parts)
            separator = ","
        parts.append("]" if value else "[]")
    elif isinstance(value, float):
        parts.append(_number_text(value))
    else:
        # Text, integers, true, false and null are written by Python as they are by JavaScript.
        parts.append(_text_of(value))


#: Escapes what must be escaped, and no more.
_text_of = json.JSONEncoder(ensure_ascii=False).encode


def _utf16(key: str) -> bytes:
    """Keys are in the order of their UTF-16 code units, of which lone surrogates are refused later."""
    return key.encode("utf-16-be", "surrogatepass")


def _number_text(value: float) -> str:
    """A float64 as JavaScript writes it: ECMAScript's Number::toString."""
    if not math.isfinite(value):
        raise ZcError("ZC_FORMAT_VALUE", f"the value has no canonical JSON: {value} is no JSON number")
    if value == 0:
        # Minus zero too.
        return "0"
    # Python has the same shortest digits, but other rules for where the point and the exponent go.
    sign, digits, exponent = Decimal(float.__repr__(value)).normalize().as_tuple()
    assert isinstance(exponent, int), "the value is finite"
    text = "".join(map(str, digits))
    point = len(text) + exponent
    if len(text) <= point <= 21:
        text += "0" * (point - len(text))
    elif 0 < point <= 21:
        text = f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{text}"
    else:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        text = f"{text[0]}{fraction}e{point - 1:+d}"
    return f"-{text}" if sign else text


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
