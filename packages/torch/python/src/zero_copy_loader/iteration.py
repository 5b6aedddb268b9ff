"""One pass over an epoch, or over what is left of it: batches as the server announces them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from . import protocol
from .batch import Batch, FieldView
from .client import Client
from .consumer_clock import ConsumerClock
from .errors import ZcError
from .protocol import WAYS, BatchDecoder
from .schema import Schema


class Session:
    """A loader as the server knows it: its dataset, open there."""

    def __init__(self, client: Client, paths: list[str], options: dict[str, Any]) -> None:
        given = {key: value for key, value in options.items() if value is not None}
        self.client = client
        self.number = client.new_loader()
        try:
            answer = client.request("open", loader=self.number, paths=paths, options=given)
        except BaseException:
            client.close_loader(self.number)
            raise
        self.samples: int = answer["samples"]
        #: How many samples each shard has.
        self.shards: list[int] = answer["shards"]
        self.digest: str = answer["digest"]
        self.schema = Schema.from_json(answer["schema"])
        self.iterations = 0

    def shard_after(self, sample: int) -> int:
        """The shard behind the one that holds a sample; the first one for sample -1."""
        if sample < 0:
            return 0
        end = 0
        for shard, samples in enumerate(self.shards):
            end += samples
            if sample < end:
                return shard + 1
        return len(self.shards)


@dataclass
class Progress:
    """How far an iteration is, in batches that were handed out: what prefetching does is not seen here."""

    epoch: int
    #: The position in the job's list where the iteration began.
    start: int
    #: Samples of the job in a batch of all ranks.
    step: int
    #: How many batches this rank has from ``start`` on.
    batches: int
    handed_out: int = 0

    def position(self) -> tuple[int, int]:
        """Epoch and position from which another iteration would go on."""
        if self.handed_out >= self.batches:
            return (self.epoch + 1, 0)
        return (self.epoch, self.start + self.handed_out * self.step)


class Iteration:
    """The iterator of a loader. It ends for good with the first exception, KeyboardInterrupt included."""

    def __init__(
        self,
        loader: object,
        session: Session,
        progress: Progress,
        views: list[FieldView],
        share: tuple[int, int],
        ahead: int,
        clock: ConsumerClock,
    ) -> None:
        client = session.client
        session.iterations += 1
        self._id = session.iterations
        # The loader's own end would close the session that this iterates over.
        self._loader = loader
        self._client = client
        self._number = session.number
        self._progress = progress
        self._views = views
        self._decoder = BatchDecoder(len(views))
        self._inbox = client.inbox(session.number)
        self._clock = clock
        self._given_at: float | None = None
        self._over = False
        # Whether a newer iteration has taken this one's batches from whoever still asks for them.
        self._superseded = False
        # Held while a message is dealt with, so that no thread takes a batch that another one gives back.
        self._turn = threading.RLock()
        client.stop_with(self, session.number, self._id)
        client.request(
            "iterate",
            loader=session.number,
            iteration=self._id,
            epoch=progress.epoch,
            position=progress.start,
            rank=share[0],
            world_size=share[1],
            ahead=ahead,
        )

    def __iter__(self) -> Iteration:
        return self

    def __next__(self) -> Batch:
        if self._over:
            raise self._end()
        self._clock.asked(len(self._inbox), self._given_at)
        try:
            while True:
                self._client.await_message(self._inbox, self._number, self._id, self._next_number)
                with self._turn:
                    batch = self._next_batch()
                if batch is not None:
                    self._given_at = self._clock.given()
                    return batch
        except StopIteration:
            raise
        except BaseException as error:
            if isinstance(error, ZcError) and error.code == "ZC_TORCH_PROTOCOL":
                self._client.refuse(error)
            self.stop()
            raise

    def stop(self) -> None:
        """Gives the batches that were not handed out back to the server."""
        with self._turn:
            if self._over:
                return
            self._finish()
        self._client.stop(self._number, self._id)

    def supersede(self) -> None:
        """Ends it for a newer one of its loader: the next batch raises, unless all were handed out."""
        with self._turn:
            self._superseded = not self._over and self._progress.handed_out < self._progress.batches
            self.stop()

    def _end(self) -> Exception:
        if self._superseded:
            return ZcError("ZC_SUPERSEDED", "a newer iteration of this loader has begun")
        return StopIteration()

    def _next_number(self) -> int:
        return self._progress.handed_out

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
                if numbers[8] == self._progress.handed_out:
                    return self._hand_out(numbers)
            elif kind == protocol.END:
                self._finish()
                self._client.end_iteration(self._number, self._id)
                raise StopIteration
            elif kind == protocol.FAILURE:
                raise protocol.decode_failure(payload)
            else:
                raise protocol.protocol_error(f"a message has the unknown kind {kind}")
        self._inbox.popleft()
        return None

    def _hand_out(self, numbers: tuple[int, ...]) -> Batch:
        _, _, segment, slot, generation, samples, way, _, _, _, indices, *places = numbers
        memory = self._client.take(segment, slot, generation)
        try:
            fields = {
                view.name: view.make(memory, samples, places[at], places[at + 1], places[at + 2])
                for at, view in zip(range(0, len(places), 3), self._views, strict=True)
            }
            batch = Batch(fields, self._views[0].indices(memory, samples, indices), WAYS[way])
        except (TypeError, ValueError, OverflowError) as error:
            raise protocol.protocol_error(f"a batch does not fit its slot: {error}") from error
        self._inbox.popleft()
        # The last step: what an exception keeps from the trainer does not count as handed out.
        self._progress.handed_out += 1
        return batch

    def _finish(self) -> None:
        self._over = True
        self._inbox.clear()
        # For another thread that waits for the next batch.
        self._inbox.append(protocol.encode_end(self._id))


def batches_of(samples: int, step: int, drop_last: bool) -> int:
    """Batches of one rank for so many samples of the job, ``step`` of them in a batch of all ranks."""
    return samples // step if drop_last else -(-samples // step)
