"""Fields whose rows of different lengths come as one tensor, filled up by the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypedDict

from . import arguments
from .batch import FieldView
from .errors import ZcError
from .schema import Field


class Pad(TypedDict, total=False):
    """How the rows of a field whose first dimension is ragged are made equally long.

    ``value`` fills the rest of a row; 0. ``length``: of every row, by default that of the batch's longest
    one; a longer row is an error. ``multiple_of``: the length is rounded up to that. ``side``: which side of
    a short row is filled; ``"right"``.
    """

    value: float
    length: int
    multiple_of: int
    side: Literal["left", "right"]


class Padded(NamedTuple):
    """Rows that were made equally long, and how much of each is its own.

    Both lie in the slot and keep it.

    Example::

        waves, lengths = batch["audio"]
    """

    values: Any
    lengths: Any


Pads = Mapping[str, bool | Pad]


def checked(pad: Pads | None) -> dict[str, Any] | None:
    """What the server is told of padding. Raises ZC_ARGUMENT naming what does not fit."""
    if pad is None:
        return None
    if not isinstance(pad, Mapping):
        raise ZcError(
            "ZC_ARGUMENT", f"pad must be a dict of fields, not {pad!r}", advice='Pass {"audio": True}.'
        )
    told = {name: True if how is True else _check(name, how) for name, how in pad.items() if how is not False}
    return told or None


def _check(field: Any, how: Any) -> dict[str, Any]:
    if not isinstance(how, Mapping):
        raise ZcError("ZC_ARGUMENT", f"pad of {field!r} must be True or a dict, not {how!r}")
    arguments.refuse_unknown(set(how) - set(Pad.__optional_keys__), Pad.__optional_keys__)
    told = dict(how)
    for name in {"length", "multiple_of"} & told.keys():
        told[name] = arguments.whole(f"{name} of pad", told[name], 1)
    if "side" in told:
        told["side"] = arguments.one_of("side of pad", told["side"], ("left", "right"))
    if "value" in told and (isinstance(told["value"], bool) or not isinstance(told["value"], (int, float))):
        raise ZcError("ZC_ARGUMENT", f"value of pad must be a number, not {told['value']!r}")
    return told


class PaddedView(FieldView):
    """Makes `Padded` of a field's place in the slot, of what another view makes of arrays."""

    def __init__(self, field: Field, view: FieldView) -> None:
        super().__init__(field)
        self._view = view

    def make(self, memory: Any, samples: int, offset: int, length: int, tables: int) -> Padded:
        longest = length // (samples * self.field.step_bytes) if samples * self.field.step_bytes else 0
        values = self._view.fixed((longest, *self._row_shape[1:]), memory, samples, offset)
        # The tables of a padded field are the lengths of its rows.
        return Padded(values, self._view.indices(memory, samples, tables))

    def indices(self, memory: Any, samples: int, offset: int) -> Any:
        return self._view.indices(memory, samples, offset)

    def numbers(self, indices: Any) -> Any:
        return self._view.numbers(indices)

    def rows(self, value: Padded) -> list[Padded]:
        return [Padded(*row) for row in zip(*map(self._view.rows, value), strict=True)]
