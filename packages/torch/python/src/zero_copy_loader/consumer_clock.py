"""What only the trainer's process knows of a loader's time."""

from __future__ import annotations

import time

from .core import ClockCounts


class ConsumerClock(ClockCounts):
    """Counts since the loader was made: time waited and the step's, stalls, and batches that had come.

    Between the batches of one iteration time is either waited or the step's. A stall is a batch that had not
    come when it was asked for; ``ready_batches`` are those that had come when one was asked for, added up.
    """

    def asked(self, ready: int, last_given_at: float) -> None:
        """A batch is asked for, and ``ready`` of them lie there; ``last_given_at`` is 0 for the first one."""
        self.asked_at = time.perf_counter()
        self.ready = ready
        if last_given_at:
            self.step_ms += (self.asked_at - last_given_at) * 1000

    def given(self) -> float:
        """It is handed out; the time of that, for the next `asked`."""
        now = time.perf_counter()
        self.waited_ms += (now - self.asked_at) * 1000
        self.stalls += self.ready == 0
        self.ready_batches += self.ready
        return now

    def to_json(self) -> dict[str, float]:
        return {
            "waited_ms": self.waited_ms,
            "step_ms": self.step_ms,
            "stalls": self.stalls,
            "ready_batches": self.ready_batches,
        }
