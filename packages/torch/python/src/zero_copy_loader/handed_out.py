"""The iterator of a loader whose batches something is done with on their way."""

from __future__ import annotations

import threading
from typing import Any

from .ahead import Stage
from .consumer_clock import ConsumerClock
from .errors import ZcError
from .progress import Progress


class HandedOut:
    """Hands out what the last stage gives, and counts it. It ends for good with the first exception."""

    def __init__(self, stage: Stage, progress: Progress, clock: ConsumerClock) -> None:
        self._stage = stage
        self._progress = progress
        self._clock = clock
        self._given_at = 0.0
        self._over = False
        self._superseded = False
        # Two threads may ask for batches.
        self._asking = threading.Lock()

    def __iter__(self) -> HandedOut:
        return self

    def __next__(self) -> Any:
        with self._asking:
            if self._over:
                raise self._end()
            try:
                self._clock.asked(int(self._stage.is_ready()), self._given_at)
                result = next(self._stage)
                # The last step: what an exception keeps from the trainer does not count as handed out.
                self._progress.counts.handed_out += 1
                self._given_at = self._clock.given()
                return result
            except StopIteration:
                self._over = True
                raise self._end() from None
            except BaseException:
                self.stop()
                raise

    def stop(self) -> None:
        """Ends it early."""
        self._over = True
        self._stage.stop()

    def supersede(self) -> None:
        """Ends it for a newer one of its loader: the next batch raises, unless all were handed out."""
        self._superseded = not self._over and not self._progress.finished
        self.stop()

    def _end(self) -> Exception:
        if self._superseded:
            return ZcError("ZC_SUPERSEDED", "a newer iteration of this loader has begun")
        return StopIteration()
