"""Memory that work on an accelerator's stream may still read after the trainer has let go of it."""

from __future__ import annotations

import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol


class Event(Protocol):
    """A moment in a stream's work, as ``torch.cuda.Event`` is one."""

    def synchronize(self) -> None: ...


class HeldUntil:
    """Keeps objects until their events have come, in a thread that waits for one after the other."""

    def __init__(self) -> None:
        self._held: queue.SimpleQueue[tuple[Event, Any] | None] = queue.SimpleQueue()
        self._started = threading.Lock()
        self._thread: threading.Thread | None = None
        self.close = weakref.finalize(self, self._held.put, None)

    def hold(self, event: Event, kept: Any) -> None:
        """Lets go of ``kept`` once ``event`` has come."""
        with self._started:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=_wait, args=(self._held,), name="zero-copy-loader-events", daemon=True
                )
                self._thread.start()
        self._held.put((event, kept))


class StreamLeases:
    """Lets leases end behind the work that was queued before the last tensor of their batch died.

    The memory is pinned, and a copy that does not block may still read it by then. So a lease does not end
    with its tensors: when the next batch is asked for, an event is recorded on the stream that is current
    there, behind all that the trainer has queued so far, and the lease ends with it. Nothing of the
    accelerator is called where the tensors die, which may be anywhere.
    """

    def __init__(self, record: Callable[[], Event], held: HeldUntil) -> None:
        """``record`` records an event on the stream that is current in the calling thread."""
        self._record = record
        self._held = held
        self._watches: dict[int, _Watch] = {}
        self._ended: deque[_Watch] = deque()

    def guard(self, memory: Any) -> Any:
        """The same memory for the trainer's tensors; ``memory`` itself is kept for longer than they live."""
        lent = type(memory).from_buffer(memory)
        watch = _Watch(lent, self._ended.append)
        watch.memory = memory
        self._watches[id(watch)] = watch
        return lent

    def flush(self) -> None:
        """To be called in the trainer's thread: ends the leases of batches that it has let go of."""
        if not self._ended:
            return
        kept = []
        while self._ended:
            watch = self._ended.popleft()
            kept.append(watch.memory)
            del self._watches[id(watch)]
        self._held.hold(self._record(), kept)


class _Watch(weakref.ref):  # type: ignore[type-arg]
    """A weak reference that keeps something else."""

    __slots__ = ("memory",)
    memory: Any


def _wait(held: queue.SimpleQueue[tuple[Event, Any] | None]) -> None:
    while (entry := held.get()) is not None:
        entry[0].synchronize()
        # What is kept goes here, and not when the next one comes.
        del entry
