"""Work on batches between the server and the training loop, some of them ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn, Protocol


class Stage(Protocol):
    """Where batches come from, in their order."""

    def __next__(self) -> Any: ...
    def is_ready(self) -> bool:
        """Whether the next batch, an exception or the end is there. Waits for nothing."""
        ...

    def stop(self) -> None:
        """Ends it early."""
        ...


class Work(Protocol):
    """What is being done with one batch."""

    @property
    def done(self) -> bool: ...
    def result(self) -> Any:
        """What the batch has become. Waits for it, or makes it; raises what went wrong."""
        ...


class Ahead:
    """A stage that does something with the batches of the one before it, ``depth`` of them ahead.

    It takes as many as are to be had at once, and waits only for one that it is asked for. Exceptions come
    where the batch would that they keep from coming.
    """

    def __init__(self, before: Stage, begin: Callable[[Any], Work], depth: int) -> None:
        self._before = before
        self._begin = begin
        self._depth = depth
        self._under_way: deque[Work] = deque()
        self._drained = False

    def __next__(self) -> Any:
        if not self._under_way and not self._drained:
            self._take()
        self._take_what_is_there()
        if not self._under_way:
            raise StopIteration
        # It stays where it is until it has come, for an interrupt may end the waiting.
        result = self._under_way[0].result()
        self._under_way.popleft()
        return result

    def is_ready(self) -> bool:
        self._take_what_is_there()
        return self._under_way[0].done if self._under_way else self._drained

    def stop(self) -> None:
        """What is under way comes to its end, and nobody gets it."""
        self._drained = True
        self._under_way.clear()
        self._before.stop()

    def _take_what_is_there(self) -> None:
        while not self._drained and len(self._under_way) <= self._depth and self._before.is_ready():
            self._take()

    def _take(self) -> None:
        try:
            batch = next(self._before)
        except StopIteration:
            self._drained = True
        # A KeyboardInterrupt is not the batch's: it goes to the trainer at once.
        except Exception as error:
            self._drained = True
            self._under_way.append(_Failed(error))
        else:
            self._under_way.append(self._begin(batch))


class _Failed:
    """Stands for a batch that did not come."""

    done = True

    def __init__(self, error: Exception) -> None:
        self._error = error

    def result(self) -> NoReturn:
        raise self._error
