"""Which share of the job's batches is this process's."""

from __future__ import annotations

import sys
from typing import NamedTuple

from . import arguments
from .errors import ZcError


class Share(NamedTuple):
    rank: int
    world_size: int


class JobShare:
    """Rank and world size: those given, else torch.distributed's, else the environment's, else 0 of 1.

    They are looked up when they are needed, for a loader may be made before the process group is; the first
    iteration settles them.
    """

    def __init__(self, rank: int | None, world_size: int | None) -> None:
        self._rank = None if rank is None else arguments.whole("rank", rank, 0)
        self._world_size = None if world_size is None else arguments.whole("world_size", world_size, 1)
        self._settled: Share | None = None

    def now(self) -> Share:
        """As it is at the moment. Raises ZC_ARGUMENT where the rank is none of so many."""
        rank, world_size = self._rank, self._world_size
        if rank is None or world_size is None:
            found = _found()
            rank = found.rank if rank is None else rank
            world_size = found.world_size if world_size is None else world_size
        if not 0 <= rank < world_size:
            raise ZcError("ZC_ARGUMENT", f"rank is {rank} and world_size {world_size}")
        return Share(rank, world_size)

    def settle(self) -> Share:
        """The one that holds from now on. Raises ZC_RANK_CHANGED where it was another one before."""
        found = self.now()
        if self._settled is None:
            self._settled = found
        if found != self._settled:
            was, now = (f"rank {rank} of {size}" for rank, size in (self._settled, found))
            raise ZcError(
                "ZC_RANK_CHANGED", f"the loader began as {was} and is now {now}", expected=was, actual=now
            )
        return found


def _found() -> Share:
    """Asks torch.distributed only where it was imported: NumPy users need no torch."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return Share(distributed.get_rank(), distributed.get_world_size())
    return Share(arguments.from_environment("RANK", "0"), arguments.from_environment("WORLD_SIZE", "1"))
