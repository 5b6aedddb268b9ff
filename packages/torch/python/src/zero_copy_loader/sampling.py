"""A sampler of the user's own: what it may be, and how its ids come into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol, runtime_checkable

from .errors import ZcError
from .progress import batches_of

#: Gives the ids of this rank's samples, an epoch each time it is gone over. Where it has `state_dict` and
#: `load_state_dict` (or its iterator has), a loader's state takes it along; else a job that goes on goes over
#: the sampler from the beginning and passes over what was given.
Sampler = Iterable[Any]
#: The same for whole batches: each a list of ids, an array or a tensor.
BatchSampler = Iterable[Sequence[Any]]


@runtime_checkable
class Stateful(Protocol):
    def state_dict(self) -> Any: ...
    def load_state_dict(self, state: Any, /) -> Any: ...


class Drawn(NamedTuple):
    """What a sampler gave for a batch."""

    ids: Sequence[Any]
    #: Has the sampler's state behind this batch, as long as no other one was drawn.
    keeper: Stateful | None


class Sampling:
    """The sampler among a loader's arguments."""

    def __init__(self, sampler: Iterable[Any], batch_size: int | None, drop_last: bool) -> None:
        """``batch_size`` is None where the sampler gives whole batches."""
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    @property
    def counts(self) -> str:
        """What it gives, and a state's position counts."""
        return "batches" if self.batch_size is None else "samples"

    @property
    def step(self) -> int:
        """How much of that a batch is."""
        return self.batch_size or 1

    @property
    def expected_batch_size(self) -> int:
        """Samples that a batch has, as far as is known before one has come."""
        told = getattr(self.sampler, "batch_size", None) if self.batch_size is None else self.batch_size
        return told if isinstance(told, int) and told > 0 else 1

    def epoch_batches(self) -> int:
        """Batches of an epoch. Raises TypeError where the sampler has no length."""
        return batches_of(len(self.sampler), self.step, self.drop_last)  # type: ignore[arg-type]

    def batches(self, position: int, state: Any) -> Iterator[Drawn]:
        """The lists of ids of an epoch, or of what is left of it behind a position, or behind a state.

        A sampler of ids is gone over with the first list, one of batches at once: so does torch's own loader,
        which matters to those that draw random numbers then.
        """
        if self.batch_size is None:
            return self._lists(*self._open(state), position if state is None else 0)
        return self._groups(self.batch_size, position, state)

    def _lists(self, given: Iterator[Any], keeper: Stateful | None, skipped: int) -> Iterator[Drawn]:
        for batch in islice(given, skipped, None):
            yield Drawn(batch, keeper)

    def _groups(self, batch_size: int, position: int, state: Any) -> Iterator[Drawn]:
        given, keeper = self._open(state)
        if state is None:
            next(islice(given, position, position), None)
        while batch := [*islice(given, batch_size)]:
            if len(batch) < batch_size and self.drop_last:
                return
            yield Drawn(batch, keeper)

    def _open(self, state: Any) -> tuple[Iterator[Any], Stateful | None]:
        """The sampler's iterator, and which of the two has a state; it goes on where that says."""
        if isinstance(self.sampler, Stateful):
            if state is not None:
                self.sampler.load_state_dict(state)
            return iter(self.sampler), self.sampler
        given = iter(self.sampler)
        keeper = given if isinstance(given, Stateful) else None
        if state is not None and keeper is None:
            raise ZcError("ZC_STATE_MISMATCH", "the state is that of a sampler with load_state_dict()")
        if state is not None and keeper is not None:
            keeper.load_state_dict(state)
        return given, keeper


def sampling_of(
    sampler: Any, batch_sampler: Any, others: dict[str, bool], batch_size: int, drop_last: bool
) -> Sampling | None:
    """The sampler among a loader's arguments, if there is one.

    ``others``: which arguments that say something about the order were given. Raises ZC_ARGUMENT where they
    say something else.
    """
    if sampler is None and batch_sampler is None:
        return None
    name, given = ("sampler", sampler) if batch_sampler is None else ("batch_sampler", batch_sampler)
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, dict)):
        raise ZcError("ZC_ARGUMENT", f"{name} must be an iterable of samples' numbers, not {given!r}")
    against = ["shuffle", "rank", "world_size"]
    if batch_sampler is not None:
        against += ["sampler", "batch_size", "drop_last"]
    for other in against:
        if others[other]:
            raise ZcError(
                "ZC_ARGUMENT",
                f"{name} and {other} cannot both be given",
                advice=f"Leave out {other}: the {name} says what it would say.",
            )
    return Sampling(given, batch_size if batch_sampler is None else None, drop_last)
