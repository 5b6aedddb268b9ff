"""How far an iteration is, and where another one would go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .core import IterationCounts


class Place(NamedTuple):
    """Where an iteration begins."""

    epoch: int
    #: Samples of the job's list; with a sampler of the user's own what it gave: ids, or lists of ids.
    position: int
    #: The state of such a sampler, where it has one.
    sampler: Any = None


@dataclass
class Progress:
    """How far an iteration is, in batches that were handed out: what prefetching does is not seen here."""

    begin: Place
    #: By how much a batch moves the position on.
    step: int
    #: How many batches this rank has from the beginning on; None while only a sampler knows.
    batches: int | None
    counts: IterationCounts = field(default_factory=IterationCounts)
    #: By the number of batches that it had given: the states that a sampler had then, where it has any.
    sampler_states: dict[int, Any] = field(default_factory=dict)

    @property
    def handed_out(self) -> int:
        """Batches."""
        return int(self.counts.handed_out)

    @property
    def finished(self) -> bool:
        """Whether all batches were handed out."""
        return self.batches is not None and self.handed_out >= self.batches

    def place(self) -> Place:
        """Where another iteration would go on."""
        epoch, position, sampler = self.begin
        if self.finished:
            return Place(epoch + 1, 0)
        behind = self.sampler_states.get(self.handed_out, sampler)
        return Place(epoch, position + self.handed_out * self.step, behind)


def batches_of(samples: int, step: int, drop_last: bool) -> int:
    """Batches of one rank for so many samples of the job, ``step`` of them in a batch of all ranks."""
    return samples // step if drop_last else -(-samples // step)
