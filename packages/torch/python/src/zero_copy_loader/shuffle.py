"""How an epoch is ordered, as a loader is asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from . import arguments
from .errors import ZcError


class BlockShuffle(TypedDict):
    """Whole blocks in random order, shuffled once more inside a window, so that a disk reads in sequence.

    ``blocks``: bytes of a block, for example ``8 * 2**20``. ``window``: samples that are shuffled among each
    other; several blocks' worth.
    """

    blocks: int
    window: int


Shuffle = bool | Literal["full"] | BlockShuffle


def checked(shuffle: Shuffle) -> bool | dict[str, Any]:
    """The one form that is compared and saved: ``"full"`` is True. Raises ZC_ARGUMENT."""
    if isinstance(shuffle, Mapping) and set(shuffle) == {"blocks", "window"}:
        return {
            name: arguments.whole(f"{name} of shuffle", shuffle[name], 1) for name in ("blocks", "window")
        }
    if not isinstance(shuffle, Mapping):
        for kind in (False, True):
            if shuffle == kind:
                return kind
        if shuffle == "full":
            return True
    raise ZcError(
        "ZC_ARGUMENT",
        f"shuffle must be one of False, True, 'full' or a dict of blocks and window, not {shuffle!r}",
    )
