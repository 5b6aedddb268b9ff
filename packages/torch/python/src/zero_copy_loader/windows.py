"""Windows over a stream of tokens, as a loader is asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from . import arguments
from .errors import ZcError


class _Required(TypedDict):
    field: str
    length: int


class Windows(_Required, total=False):
    """How the documents of a token field are cut: all of them are one stream, read in windows.

    ``field``: a field of integers of one ragged dimension. ``length``: tokens in a window. ``stride``: tokens
    from one window's beginning to the next one's, ``length`` by default. ``padding``: a token that fills up a
    last window, which is left out without it. ``cross_documents``: False cuts each document by itself.
    ``documents``: ``"offsets"`` adds `borders`, where documents begin in each window and how many tokens it
    has; ``"ids"`` adds `documents`, the number of each token's document (-1 for padding), and `positions`,
    its place in the document or, of one that began before, in the window.
    """

    stride: int
    padding: int
    documents: Literal["offsets", "ids"]
    cross_documents: bool


def checked(windows: Windows | None) -> dict[str, Any] | None:
    """What the server is told of windows. Raises ZC_ARGUMENT naming what does not fit."""
    if windows is None:
        return None
    if not isinstance(windows, Mapping):
        raise ZcError("ZC_ARGUMENT", f"windows must be a dict of field and length, not {windows!r}")
    for name in ("field", "length"):
        if windows.get(name) is None:
            raise ZcError("ZC_ARGUMENT", f"windows need {name!r}")
    given = {name: value for name, value in windows.items() if value is not None}
    return {name: _check(name, value) for name, value in given.items()}


def _check(name: str, value: Any) -> Any:
    if name == "field":
        if isinstance(value, str):
            return value
        raise ZcError("ZC_ARGUMENT", f"the field of windows must be a name, not {value!r}")
    if name in ("length", "stride"):
        return arguments.whole(f"the {name} of windows", value, 1)
    if name == "padding":
        return arguments.whole("the padding of windows", value, -(2**53) + 1)
    if name == "documents":
        return arguments.one_of("documents of windows", value, ("offsets", "ids"))
    if name == "cross_documents":
        return arguments.one_of("cross_documents of windows", value, (False, True))
    known = ", ".join([*Windows.__required_keys__, *Windows.__optional_keys__])
    raise ZcError("ZC_ARGUMENT", f"windows have no {name!r}, but {known}")
