"""What the server's answers must look like (docs/reference/bridge-protocol.md, section 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .protocol import protocol_error


def check(request: str, answer: dict[str, Any]) -> None:
    """Raises ZC_TORCH_PROTOCOL where a part of the answer to a request is missing or of another kind."""
    for name, is_right in _PARTS.get(request, {}).items():
        if name not in answer:
            raise protocol_error(f"the answer to {request!r} has no {name!r}")
        if not is_right(answer[name]):
            raise protocol_error(f"{name!r} in the answer to {request!r} is {answer[name]!r}")


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _counts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_count, value))


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _version(value: Any) -> bool:
    """As Node.js gives its own: ``v20.19.0``."""
    if not isinstance(value, str):
        return False
    parts = value.removeprefix("v").split(".")
    return len(parts) > 1 and all(part.isdecimal() for part in parts[:2])


_PARTS: Final[dict[str, dict[str, Callable[[Any], bool]]]] = {
    "hello": {"protocol": _count, "node": _version},
    "open": {
        "samples": _count,
        "digest": lambda value: isinstance(value, str),
        "schema": lambda value: isinstance(value, dict),
        "shards": _counts,
    },
    "wait_prefetch": {"bytes": _count, "failures": _objects},
}
