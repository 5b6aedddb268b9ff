"""What only the trainer's process knows of a loader's time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class ConsumerClock:
    """Counts since the loader was made.

    Between the batches of one iteration time is either waited or the step's.
    """

    waited_ms: float = 0.0
    step_ms: float = 0.0
    #: Batches that had not come when they were asked for.
    stalls: int = 0
    #: Batches that had come whenever one was asked for, added up.
    ready_batches: int = 0
    _asked_at: float = field(default=0.0, repr=False)
    _ready: int = field(default=0, repr=False)

    def asked(self, ready: int, last_given_at: float | None) -> None:
        """A batch is asked for, and ``ready`` of them lie there."""
        self._asked_at = time.perf_counter()
        self._ready = ready
        if last_given_at is not None:
            self.step_ms += (self._asked_at - last_given_at) * 1000

    def given(self) -> float:
        """It is handed out; the time of that, for the next `asked`."""
        now = time.perf_counter()
        self.waited_ms += (now - self._asked_at) * 1000
        self.stalls += self._ready == 0
        self.ready_batches += self._ready
        return now

    def to_json(self) -> dict[str, float]:
        return {
            "waited_ms": self.waited_ms,
            "step_ms": self.step_ms,
            "stalls": self.stalls,
            "ready_batches": self.ready_batches,
        }
