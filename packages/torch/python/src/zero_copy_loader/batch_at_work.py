"""A batch between the server and the training loop, while the user's own functions are at work on it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

from .batch import Batch
from .recipe import Recipe
from .worker_threads import WorkerThreads


class BatchAtWork:
    """A batch that the user's functions are at work on, in parts of neighbouring rows."""

    def __init__(
        self,
        recipe: Recipe,
        batch: Batch,
        number: int,
        threads: WorkerThreads | None,
        finish: Callable[[Any], Any] | None,
    ) -> None:
        """``finish`` is called with what the recipe gave."""
        rows = len(batch.indices)
        parts = 1 if threads is None else max(min(threads.count, rows), 1)
        self._recipe = recipe
        self._batch: Batch | None = batch
        self._number = number
        self._finish = finish
        self._samples: list[list[Any]] = [[] for _ in range(parts)]
        self._parts_left = parts
        self._result: Any = None
        # By the part that it comes from, so that the first row's is the one that is told.
        self._errors: dict[int, BaseException] = {}
        self._turn = threading.Lock()
        self._finished = threading.Event()
        self._later: list[Callable[[], None]] = []
        for part in range(parts):
            work = partial(self._work, part, part * rows // parts, (part + 1) * rows // parts)
            if threads is None:
                self._later.append(work)
            else:
                threads.submit(work)

    @property
    def done(self) -> bool:
        return self._finished.is_set()

    def result(self) -> Any:
        """What the batch has become. Waits for it, or makes it; raises what the user's functions raised."""
        for work in self._later:
            work()
        self._finished.wait()
        errors, self._errors = self._errors, {}
        if errors:
            raise errors[min(errors)]
        return self._result

    def _work(self, part: int, begin: int, end: int) -> None:
        try:
            if self._batch is not None and not self._errors:
                self._samples[part] = self._recipe.samples(self._batch, self._number, begin, end)
        except BaseException as error:
            self._errors[part] = error
        with self._turn:
            self._parts_left -= 1
            if self._parts_left > 0:
                return
        try:
            if self._batch is not None and not self._errors:
                samples = [*chain.from_iterable(self._samples)]
                result = self._recipe.collated(self._batch, self._number, samples)
                self._result = result if self._finish is None else self._finish(result)
                del samples, result
        except BaseException as error:
            self._errors[len(self._samples)] = error
        # From here on only what was made of it keeps its memory.
        self._batch, self._samples = None, []
        self._finished.set()
