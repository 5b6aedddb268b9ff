"""An iteration whose batches the user's own functions are applied to."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from .batch_at_work import BatchAtWork, FailedBatch
from .consumer_clock import ConsumerClock
from .errors import ZcError
from .iteration import Iteration
from .progress import Progress
from .recipe import Recipe
from .worker_threads import WorkerThreads


class PreparedIteration:
    """Hands out what a recipe makes of an iteration's batches, in their order.

    With threads they work some batches ahead; without, each batch is made when it is asked for. An exception
    of the user's functions is raised for its batch, and ends the iteration for good.
    """

    def __init__(
        self,
        iteration: Iteration,
        recipe: Recipe,
        progress: Progress,
        clock: ConsumerClock,
        threads: WorkerThreads | None,
        batches_ahead: int,
    ) -> None:
        self._iteration = iteration
        self._recipe = recipe
        self._progress = progress
        self._clock = clock
        self._threads = threads
        #: How many batches are at work before one is handed out.
        self._depth = 1 if threads is None else batches_ahead
        self._at_work: deque[BatchAtWork | FailedBatch] = deque()
        self._taken = 0
        self._given_at: float | None = None
        # Whether the iteration has no more batches for us, and whether we have none for the user.
        self._drained = False
        self._over = False
        self._superseded = False
        self._asking = threading.Lock()

    def __iter__(self) -> PreparedIteration:
        return self

    def __next__(self) -> Any:
        with self._asking:
            if self._over:
                raise self._end()
            self._clock.asked(sum(batch.done for batch in self._at_work), self._given_at)
            try:
                self._take_ahead()
                if not self._at_work:
                    self._over = True
                    raise self._end()
                result = self._at_work[0].result()
                self._at_work.popleft()
                self._progress.handed_out += 1
                self._given_at = self._clock.given()
                return result
            except StopIteration:
                raise
            except BaseException:
                self.stop()
                raise

    def stop(self) -> None:
        """Ends it early. What is at work comes to its end, and nobody gets it."""
        self._over = True
        self._at_work.clear()
        self._iteration.stop()

    def supersede(self) -> None:
        """Ends it for a newer one of its loader: the next batch raises, unless all were handed out."""
        self._superseded = not self._over and not self._progress.finished
        self.stop()

    def _end(self) -> Exception:
        if self._superseded:
            return ZcError("ZC_SUPERSEDED", "a newer iteration of this loader has begun")
        return StopIteration()

    def _take_ahead(self) -> None:
        """Takes batches as long as there are some to be had at once, and waits only for one to hand out."""
        while not self._drained and len(self._at_work) < self._depth:
            if self._at_work and not self._iteration.is_ready():
                return
            try:
                batch = next(self._iteration)
            except StopIteration:
                self._drained = True
            except Exception as error:
                # It belongs behind the batches that are at work.
                self._drained = True
                self._at_work.append(FailedBatch(error))
            else:
                self._at_work.append(BatchAtWork(self._recipe, batch, self._taken, self._threads))
                self._taken += 1
