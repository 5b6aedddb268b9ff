"""What the user's own functions make of a batch: each sample is transformed, then all are collated."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final, NoReturn

from . import arguments
from .batch import Batch
from .errors import ZcError
from .samples import samples_of

#: Takes a sample, as a dict of its fields, and gives what stands for it from then on.
Transform = Callable[[dict[str, Any]], Any]
#: Takes the list of a batch's samples, and gives what the training loop gets.
Collate = Callable[[list[Any]], Any]

#: So many of a batch's samples an error of a collate function names.
_SAMPLES_NAMED_MAX: Final = 8
#: More threads than that wait for the interpreter rather than work.
_THREADS_MAX: Final = 8


class Recipe:
    """The functions of one loader. They may be called by several threads at once."""

    def __init__(
        self, transform: Transform | None, collate: Collate | None, default_collate: Collate
    ) -> None:
        """``default_collate`` makes a batch of transformed samples where there is no ``collate``."""
        self._transform = transform
        self._collate = collate
        self._default_collate = default_collate

    def samples(self, batch: Batch, number: int, begin: int, end: int) -> list[Any]:
        """Some of the batch's samples, transformed. What is raised has a note that names the sample."""
        samples = samples_of(batch, begin, end)
        if self._transform is None:
            return samples
        transformed = []
        for row, sample in enumerate(samples, begin):
            try:
                transformed.append(self._transform(sample))
            except Exception as error:
                where = f"sample {int(batch.indices[row])}, row {row} of batch {number}"
                _raise_noted(error, f"zero_copy_loader: in transform of {where}")
        return transformed

    def collated(self, batch: Batch, number: int, samples: list[Any]) -> Any:
        """What the training loop gets of all the batch's samples."""
        if self._collate is None and not samples:
            return batch
        try:
            if self._collate is not None:
                return self._collate(samples)
            made = self._default_collate(samples)
        except Exception as error:
            ids = batch.indices.tolist()
            named = ", ".join(map(str, ids[:_SAMPLES_NAMED_MAX])) + (", …" * (len(ids) > _SAMPLES_NAMED_MAX))
            function = "collate_fn" if self._collate is not None else "the default collate"
            _raise_noted(error, f"zero_copy_loader: in {function} of batch {number}, samples {named}")
        # A copy: what the loop keeps of a batch that was made anew is not to keep the slot.
        return Batch(made, deepcopy(batch.indices), batch.way) if isinstance(made, Mapping) else made


def recipe_of(transform: Any, collate: Any, default_collate: Collate) -> Recipe | None:
    """The recipe of a loader's arguments; None where batches are handed out as they are."""
    for name, function in (("transform", transform), ("collate_fn", collate)):
        if function is not None and not callable(function):
            raise ZcError("ZC_ARGUMENT", f"{name} must be a function, not {function!r}")
    if transform is None and collate is None:
        return None
    return Recipe(transform, collate, default_collate)


def worker_count(given: Any, transform: Any, collate: Any) -> int:
    """How many threads are to work on batches; 0 where the one that asks for them does."""
    if given is None:
        return min(len(os.sched_getaffinity(0)), _THREADS_MAX) if transform is not None else 0
    count = arguments.whole("transform_threads", given, 0)
    if transform is None and collate is None:
        raise ZcError("ZC_ARGUMENT", "transform_threads has neither a transform nor a collate_fn to call")
    return count


def _raise_noted(error: Exception, note: str) -> NoReturn:
    """Raises the user's own exception, whose type a handler may know."""
    if isinstance(error, StopIteration):
        # It would end the training loop as if the epoch were over.
        raise RuntimeError("a function of the user raised StopIteration: " + note) from error
    if hasattr(error, "add_note"):
        error.add_note(note)
    else:
        # Before Python 3.11 nobody shows them, but they are there to be read.
        vars(error)["__notes__"] = [*getattr(error, "__notes__", []), note]
    raise error
