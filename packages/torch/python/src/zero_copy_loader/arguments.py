"""The checks of a loader's arguments: what passes here the server takes."""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Sequence
from typing import Any, Final

from .errors import ZcError

#: The largest whole number that JavaScript tells from its neighbours.
_WHOLE_MAX: Final = 2**53 - 1
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def whole(name: str, value: Any, least: int) -> int:
    """A whole number of any integer type, NumPy's too."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise ZcError("ZC_ARGUMENT", f"{name} must be a whole number from {least} on, not {value!r}")
    if number > _WHOLE_MAX:
        raise ZcError(
            "ZC_ARGUMENT",
            f"{name} is {number}, the largest possible is {_WHOLE_MAX}",
            advice=f"Pass a smaller one, for example {name} % 2**53.",
        )
    return number


def one_of(name: str, value: Any, choices: Sequence[Any]) -> Any:
    """The choice that ``value`` is equal to."""
    for choice in choices:
        if value == choice:
            return choice
    listed = ", ".join(map(repr, choices))
    raise ZcError("ZC_ARGUMENT", f"{name} must be one of {listed}, not {value!r}")


def names(name: str, value: Sequence[str] | None) -> list[str] | None:
    """A list of names; one text would be taken for a list of letters."""
    if isinstance(value, str):
        raise ZcError(
            "ZC_ARGUMENT", f"{name} must be a list of names, not {value!r}", advice=f"Pass [{value!r}]."
        )
    return None if value is None else list(value)


def local_path(path: str | os.PathLike[str]) -> str:
    """The absolute form of a path, for the working directory may be another one when it is opened again."""
    try:
        text = os.fsdecode(path)
    except TypeError as error:
        raise ZcError("ZC_ARGUMENT", f"a dataset is a path or a list of paths: {error}") from error
    if _URL.match(text):
        raise ZcError(
            "ZC_ARGUMENT",
            f"{text!r} is no local path",
            advice="Only local paths can be opened: copy the dataset to this machine.",
        )
    return os.path.abspath(text)


def from_environment(name: str, default: str) -> int:
    """The whole number in a variable of the environment."""
    text = os.environ.get(name, default)
    try:
        return int(text)
    except ValueError:
        raise ZcError(
            "ZC_ARGUMENT",
            f"the environment variable {name} is {text!r}, expected a whole number",
            advice="Unset it, or give the loader rank and world_size.",
        ) from None
