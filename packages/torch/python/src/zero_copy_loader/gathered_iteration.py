"""Batches of samples that lie in memory: the server gives their order, this process gathers them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from . import protocol
from .batch import Batch, GatherAhead, Outcome
from .errors import ZcError
from .job_share import Share
from .progress import Progress
from .protocol import protocol_error
from .server_iteration import ServerIteration
from .session import Session

Samples = npt.NDArray[np.int64]


class GatheredIteration(ServerIteration):
    """Asks the server for the order of the samples, ahead of time, and hands out what is gathered of it."""

    def __init__(
        self,
        loader: object,
        session: Session,
        progress: Progress,
        share: Share,
        batch_size: int,
        gather: GatherAhead,
        why: Callable[[Outcome], Exception],
    ) -> None:
        """``why``: the error of a batch that cannot be gathered, or not be kept."""
        super().__init__(loader, session, progress)
        self._samples = session.samples
        self._batch_size = batch_size
        self._gather = gather
        self._take = gather.take
        self._why = why
        #: Of how many batches the samples have come.
        self._known = 0
        #: Batches that were taken since the server was heard, about; and after how many to listen again.
        self._unheard = 0
        self._hears_after = 0
        self._begin(share, ahead=0, listed=True)

    def __iter__(self) -> GatheredIteration:
        return self

    def __next__(self) -> Batch:
        try:
            # While a part of the order is used up the next one comes. It is taken in before the batch is: an
            # exception in between would lose that.
            if self._unheard >= self._hears_after:
                self._hear()
            self._unheard += 1
            batch = self._take()
            return self._await_batch() if batch is None else batch
        except StopIteration:
            raise
        except BaseException as error:
            self._fail(error)
            raise

    def _await_batch(self) -> Batch:
        """The next batch where it is not simply there."""
        while True:
            if self._over:
                raise self._end()
            self._client.check()
            if self._taken >= self._batches:
                # Another thread may be about to hand out the last one.
                self._finish()
                self._client.end_iteration(self._number, self._id)
                raise StopIteration
            outcome = self._gather.outcome
            if outcome is Outcome.NO_SAMPLES:
                self._client.await_told(
                    self._inbox, self._number, partial(self._knows_more_than, self._known)
                )
                self._hear()
            elif outcome in (Outcome.NO_ROOM, Outcome.FAILED):
                raise self._why(outcome)
            batch = self._take()
            if batch is not None:
                return batch

    def _knows_more_than(self, batches: int) -> bool:
        return self._over or self._known > batches

    def _hear(self) -> None:
        """Takes in what the server has sent; waits for nothing."""
        with self._turn:
            self._unheard = 0
            while not self._over and self._known < self._batches and (self._inbox or self._client.look()):
                if self._inbox:
                    self._deal_with(self._inbox[0])
                    if self._inbox:
                        self._inbox.popleft()

    def _deal_with(self, payload: bytes) -> None:
        kind, iteration = protocol.decode_kind(payload)
        if iteration != self._id:
            return
        if kind == protocol.FAILURE:
            raise protocol.decode_failure(payload)
        if kind != protocol.ORDER:
            raise protocol_error(f"a message has the kind {kind}, expected one of ids", protocol.ORDER, kind)
        first, samples = protocol.decode_order(payload)
        batches = self._batches_in(first, samples)
        self._known = first + batches
        self._hears_after = max(1, batches // 2)
        self._gather.add(samples)
        if self._known < self._batches:
            self._client.send(self._number, protocol.WAITING, self._id, self._known)

    def _batches_in(self, first: int, samples: Samples) -> int:
        """How many batches these samples are of. Raises ZC_TORCH_PROTOCOL where they are others than due."""
        batches = -(-len(samples) // self._batch_size)
        is_whole = len(samples) % self._batch_size == 0 or first + batches == self._batches
        if first != self._known or not 0 < batches <= self._batches - first or not is_whole:
            raise protocol_error(
                f"{len(samples)} ids come from batch {first} on, expected those from batch {self._known} on"
            )
        if samples.min() < 0 or samples.max() >= self._samples:
            raise protocol_error(f"an id is no sample's: there are {self._samples}")
        return batches

    def _finish(self) -> None:
        super()._finish()
        self._gather.end()

    @property
    def _batches(self) -> int:
        batches: Any = self._progress.batches
        return int(batches)


def no_room(batches: int, batch_bytes: int, budget: int) -> ZcError:
    """The error of a job that keeps more batches than there is memory for."""
    return ZcError(
        "ZC_MEMORY_BUDGET",
        f"there is no room for another batch of {batch_bytes} bytes in {budget} bytes: {batches} are held",
        expected=budget,
        actual=(batches + 1) * batch_bytes,
    )
