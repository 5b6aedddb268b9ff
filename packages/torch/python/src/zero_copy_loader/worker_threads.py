"""Threads of the trainer that work on batches while it trains."""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable
from typing import Final

#: At the interpreter's end a task that does not end is left behind.
_END_TIMEOUT_S: Final = 1.0

Task = Callable[[], None]


class WorkerThreads:
    """A few threads that do tasks in the order in which they are given.

    They start with the first task, and end with `close`, with this object, or with the interpreter: they are
    daemons, so that a task that hangs does not keep the process.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.close = weakref.finalize(self, _end, self._tasks, self._threads)

    def submit(self, task: Task) -> None:
        """Has ``task`` done, which must not raise."""
        if not self._threads:
            self._threads += [
                threading.Thread(
                    target=_work, args=(self._tasks,), name=f"zero-copy-loader-{number}", daemon=True
                )
                for number in range(self.count)
            ]
            for thread in self._threads:
                thread.start()
        self._tasks.put(task)


def _work(tasks: queue.SimpleQueue[Task | None]) -> None:
    while (task := tasks.get()) is not None:
        task()
        # It keeps the memory of its batch, and this thread may wait for the next one for long.
        del task


def _end(tasks: queue.SimpleQueue[Task | None], threads: list[threading.Thread]) -> None:
    for _ in threads:
        tasks.put(None)
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join(_END_TIMEOUT_S)
