"""Samples by number, and shards ahead of time: what a loader offers besides its batches."""

from __future__ import annotations

from collections.abc import Sequence

from .dataset import Dataset
from .protocol import error_from
from .sample import Sample
from .session import Session


class SampleAccess:
    """The samples of a loader's dataset, read by this process, and whole shards, brought by the server."""

    def __init__(self, paths: list[str], given: object) -> None:
        """``given``: what the loader was made of, which may be an open `Dataset`."""
        self._paths = paths
        self._dataset = given if isinstance(given, Dataset) else None
        self._last_sample = -1

    def _open(self) -> Session:
        raise NotImplementedError

    @property
    def dataset(self) -> Dataset:
        """The samples by number, without the server: what `get_sample` and `get_batch` read."""
        if self._dataset is None:
            self._dataset = Dataset(self._paths if len(self._paths) > 1 else self._paths[0])
        return self._dataset

    def get_sample(self, index: int) -> Sample:
        """One sample whose arrays share memory with the file, read-only."""
        sample = self.dataset.get_sample(index)
        self._last_sample = range(len(self.dataset))[index]
        return sample

    def get_batch(self, indices: Sequence[int]) -> list[Sample]:
        """Samples as `get_sample` gives them."""
        return [self.get_sample(index) for index in indices]

    def prefetch_next(self, count: int = 1) -> None:
        """Has the server bring the ``count`` shards after the last sample asked for into the page cache."""
        session = self._open()
        first = session.shard_after(self._last_sample)
        shards = [*range(first, min(first + count, len(session.shards)))]
        session.client.request("prefetch", loader=session.number, shards=shards)

    def wait_prefetch(self) -> int:
        """Waits for what `prefetch_next` began; how many bytes it was. Raises what could not be read."""
        session = self._open()
        report = session.client.request("wait_prefetch", loader=session.number)
        for failure in report["failures"]:
            raise error_from(failure)
        return int(report["bytes"])
