"""One pass over an epoch, or over what is left of it: batches as the server announces them."""

from __future__ import annotations

import threading
from typing import NamedTuple

from . import protocol
from .accelerator import Leases
from .batch import Batch, BatchMaker, FieldView
from .consumer_clock import ConsumerClock
from .ids_ahead import IdsAhead
from .job_share import Share
from .progress import Progress
from .protocol import WAYS, BatchDecoder
from .server_iteration import ServerIteration
from .session import Session


class Sampled(NamedTuple):
    """An iteration whose order a sampler of the user's own gives."""

    ids: IdsAhead
    #: Samples that a batch is expected to have.
    batch_size: int


class Iteration(ServerIteration):
    """The iterator of a loader whose batches the server reads."""

    def __init__(
        self,
        loader: object,
        session: Session,
        progress: Progress,
        views: list[FieldView],
        share: Share,
        ahead: int,
        clock: ConsumerClock | None,
        sampled: Sampled | None,
        leases: Leases | None = None,
        make: BatchMaker | None = None,
    ) -> None:
        """Without a ``clock`` another iterator takes the batches, and counts them as it hands them out.

        Where there are no ``leases`` that have a say in it, batches may be made whole by ``make``.
        """
        super().__init__(loader, session, progress)
        client = session.client
        self._segments = client.segments
        self._ids = sampled and sampled.ids
        self._leases = leases
        self._views = views
        self._decoder = BatchDecoder(len(views))
        self._make = None if make is None else make.make
        # Others have to be looked at before they are handed out.
        self._taker = None
        if make is not None and clock is not None and sampled is None:
            self._taker = client.taker(make, session.number, self._id, progress.counts, clock)
        self._clock = clock
        # Held while ids are drawn, so that they are sent in the order in which the sampler gave them.
        self._drawing = threading.Lock()
        how = {} if sampled is None else {"position": 0, "sampled": sampled.batch_size}
        self._begin(share, ahead=ahead, **how)
        if self._ids is not None:
            self._send_ids(self._ids)

    def __iter__(self) -> Iteration:
        return self

    def __next__(self) -> Batch:
        try:
            if self._taker is not None:
                batch = self._taker()
                if batch is not None:
                    return batch
            return self._next_of_inbox()
        except StopIteration:
            raise
        except BaseException as error:
            self._fail(error)
            raise

    def _next_of_inbox(self) -> Batch:
        """The next batch where it has not come, or has to be looked at."""
        if self._over:
            raise self._end()
        if self._clock is not None:
            self._note_asked(self._clock)
        while True:
            if self._leases is not None:
                self._leases.flush()
            if self._ids is not None:
                self._send_ids(self._ids)
                self._ids.check(self._taken)
            place = (self._inbox, self._number, self._id, self._next_number)
            batch = self._client.await_message(*place, self._taker)
            if batch is not None:
                return batch
            with self._turn:
                batch = self._next_batch()
            if batch is not None:
                if self._clock is not None:
                    self._counts.given_at = self._clock.given()
                    self._counts.asking = 0
                return batch

    def _note_asked(self, clock: ConsumerClock) -> None:
        ready = len(self._inbox) if self.is_ready() else 0
        if self._counts.asking:
            clock.ready = ready
        else:
            clock.asked(ready, self._counts.given_at)
            self._counts.asking = 1

    def is_ready(self) -> bool:
        """Whether the next batch, or the end, has come. Waits for nothing."""
        while not self._inbox and self._client.look():
            pass
        return bool(self._inbox)

    def _send_ids(self, ids: IdsAhead) -> None:
        with self._drawing:
            for kind, drawn in ids.messages(self._taken):
                self._client.send_ids(self._number, kind, self._id, drawn)

    def _next_number(self) -> int:
        return self._taken

    def _next_batch(self) -> Batch | None:
        """Deals with the first message of the inbox; None where it brings no batch."""
        if self._over:
            raise self._end()
        if not self._inbox:
            return None
        payload = self._inbox[0]
        kind, iteration = protocol.decode_kind(payload)
        if iteration == self._id:
            if kind == protocol.BATCH:
                numbers = self._decoder.unpack(payload)
                # A batch that is seen twice came before an interrupt of another thread's loader.
                if numbers[8] == self._taken:
                    return self._hand_out(payload, numbers)
            elif kind == protocol.END:
                self._finish()
                self._client.end_iteration(self._number, self._id)
                raise StopIteration
            elif kind == protocol.FAILURE:
                raise protocol.decode_failure(payload)
            elif kind == protocol.WANTED and self._ids is not None:
                self._ids.batches_ahead = protocol.decode_wanted(payload)
            else:
                raise protocol.protocol_error(f"a message has the unknown kind {kind}")
        self._inbox.popleft()
        return None

    def _hand_out(self, payload: bytes, numbers: tuple[int, ...]) -> Batch:
        batch = None if self._make is None else self._make(payload)
        if batch is None:
            batch = self._made_by_field(numbers)
        self._inbox.popleft()
        self._counts.taken += 1
        # The last step: what an exception keeps from the trainer does not count as handed out.
        if self._clock is not None:
            self._counts.handed_out += 1
        return batch

    def _made_by_field(self, numbers: tuple[int, ...]) -> Batch:
        _, _, segment, slot, generation, samples, way, _, _, _, indices, *places = numbers
        memory = self._segments.take(segment, slot, generation)
        if self._leases is not None:
            memory = self._leases.guard(memory)
        try:
            fields = {
                view.name: view.make(memory, samples, offset, length, tables)
                for view, offset, length, tables in zip(
                    self._views, places[::3], places[1::3], places[2::3], strict=True
                )
            }
            return Batch(fields, self._views[0].indices(memory, samples, indices), WAYS[way])
        except (TypeError, ValueError, OverflowError) as error:
            raise protocol.protocol_error(f"a batch does not fit its slot: {error}") from error
