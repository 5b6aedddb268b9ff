"""A loader's samples as this process has them mapped, once all of them lie in memory and were found right."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Final

import numpy as np

from .batch import INT64, FieldView, Outcome
from .batch_rows import BatchRows
from .buffers import page_aligned
from .consumer_clock import ConsumerClock
from .core import GatheredCounts, MappedFile
from .dataset import SHARDS_OPEN_MAX, Dataset
from .errors import ZcError
from .gathered import Gatherer
from .gathered_iteration import GatheredIteration, no_room
from .job_share import Share
from .memory_budget import default_budget
from .progress import Progress
from .session import Session
from .shard import Shard

#: The part of each file that has to lie in memory: a page or two may always be missing.
_RESIDENT_PART: Final = 0.99
#: Batches that lie ready, if nobody has said how many; with more they would leave the processor's cache.
_AHEAD: Final = 4
#: Batches besides those: the one in the trainer's hands, and the one that is about to take its place.
_BESIDES: Final = 2
#: An answer is good for so long.
LOOKS_EVERY_S: Final = 1.0
#: Rows are checked so many bytes at a time.
_CHECKED_BYTES: Final = 2**20


class ResidentRows:
    """Opens the shards and checks all of their rows, in a thread of its own; then they can be gathered."""

    def __init__(
        self,
        source: str | list[str],
        digest: str,
        fields: Sequence[str] | None,
        view_type: type[FieldView],
        bytes_max: int | None,
    ) -> None:
        """``digest``: that of the dataset which is meant, whatever lies there by now."""
        self._source = source
        self._digest = digest
        self._fields = fields
        self._view_type = view_type
        self._bytes_max = bytes_max
        self._shards: list[Shard] = []
        self._gatherer: Gatherer | None = None
        #: Of each field.
        self._row_bytes: list[int] = []
        self._thread: threading.Thread | None = None
        #: Whether there is no point in trying (again).
        self._refused = False
        self._looked_at = 0.0
        self.counts = GatheredCounts()

    def ready(self) -> bool:
        """Whether all rows can be gathered now. Begins to find out where that is not known yet."""
        if self._refused or (self._thread is not None and self._thread.is_alive()):
            return False
        try:
            if self._gatherer is not None:
                if self._are_resident():
                    return True
                self._forget()
            self._thread = threading.Thread(target=self._prepare, name="zc-resident-rows", daemon=True)
            self._thread.start()
        except (ZcError, RuntimeError):
            # A file has another name by now, or there are no more threads.
            self._refuse()
        return False

    def _are_resident(self) -> bool:
        """Of a second ago, for to look takes as long as to gather some batches."""
        now = time.monotonic()
        if now - self._looked_at > LOOKS_EVERY_S:
            self._looked_at = now
            return all(_is_resident(shard.mapped) for shard in self._shards)
        return True

    def iterate(
        self,
        loader: object,
        session: Session,
        progress: Progress,
        share: Share,
        *,
        batch_size: int,
        ahead: int | None,
        budget: int | None,
        clock: ConsumerClock,
    ) -> GatheredIteration | None:
        """An iteration whose batches are gathered here, once `ready`; None where no thread can be had."""
        gatherer = self._gatherer
        if gatherer is None or gatherer.whole is None:
            return None
        batch_bytes = self._batch_bytes(batch_size)
        if budget is None:
            budget = max(default_budget(), (_BESIDES + (ahead or 1)) * batch_bytes)
        most = budget // batch_bytes
        ahead = min(_AHEAD, most - _BESIDES) if ahead is None else ahead
        if most < ahead + _BESIDES or ahead < 1:
            return None
        gather = gatherer.whole.ahead(batch_size, ahead, most, progress.counts, clock, self.counts)
        if gather is None:
            return None

        def why(outcome: Outcome) -> Exception:
            return no_room(most, batch_bytes, budget) if outcome is Outcome.NO_ROOM else self._failure()

        return GatheredIteration(loader, session, progress, share, batch_size, gather, why)

    def _batch_bytes(self, samples: int) -> int:
        """Each field begins on a page, as the samples' numbers do."""
        return sum(page_aligned(samples * row_bytes) for row_bytes in (*self._row_bytes, INT64.itemsize))

    def close(self) -> None:
        """Ends what is under way, and lets the maps go; iterations keep theirs."""
        self._refuse()

    def _prepare(self) -> None:
        try:
            # Before anything of the files is touched, which would keep it in memory.
            if all(map(_is_resident, map(MappedFile, self._paths()))):
                self._check_all()
        except (ZcError, OSError, MemoryError):
            # The server meets it as well, if it is there to stay, and says where.
            self._refuse()

    def _paths(self) -> list[str]:
        source = self._source
        if isinstance(source, list):
            return source
        return Dataset(source).paths if os.path.isdir(source) else [source]

    def _check_all(self) -> None:
        shards = self._opened()
        fields = tuple(
            field for field in shards[0].schema.fields if self._fields is None or field.name in self._fields
        )
        ends = [*accumulate(map(len, shards))]
        gatherer = Gatherer(replace(shards[0].schema, fields=fields), self._view_type, ends)
        size = sum(shard.size_bytes for shard in shards)
        too_large = self._bytes_max is not None and size > self._bytes_max
        if gatherer.whole is None or too_large or self._digest != _digest_of(shards):
            self._refuse()
            return
        self._row_bytes = [field.step_bytes for field in fields]
        step = max(1, _CHECKED_BYTES // max(1, sum(self._row_bytes)))
        for number, shard in enumerate(shards):
            # The first row once more at the end: only then do the checksums say that they know all.
            for begin in [*range(0, len(shard), step), 0]:
                if self._refused:
                    return
                wanted = np.arange(begin, min(begin + step, len(shard)))
                rows = BatchRows([shard], [number], None, wanted)
                gatherer.gather(rows, wanted)
            gatherer.learn(rows)
        if len(gatherer.learned) < len(shards):
            self._refuse()
            return
        self._shards, self._gatherer = shards, gatherer
        if self._refused:
            self._forget()

    def _opened(self) -> list[Shard]:
        dataset = Dataset(self._source)
        numbers = range(len(dataset.paths))
        if not 0 < len(numbers) <= SHARDS_OPEN_MAX:
            raise ZcError(
                "ZC_ARGUMENT", f"there are {len(numbers)} shards, at most {SHARDS_OPEN_MAX} can be mapped"
            )
        return [dataset.shard(number) for number in numbers]

    def _failure(self) -> Exception:
        """Why samples could not be gathered; none are any more."""
        shards = self._shards
        self._refuse()
        for shard in shards:
            try:
                shard.mapped.check()
            except ZcError as error:
                return error
        return ZcError("ZC_IO_MEMORY", "there is no memory to gather a batch into")

    def _refuse(self) -> None:
        self._refused = True
        self._forget()

    def _forget(self) -> None:
        """Lets go of the maps."""
        self._gatherer = None
        self._shards = []


def _is_resident(mapped: MappedFile) -> bool:
    return mapped.resident_bytes(0, mapped.size_bytes) >= _RESIDENT_PART * mapped.size_bytes


def _digest_of(shards: Sequence[Shard]) -> str:
    """As the server makes it: a shard's UUID stands for its schema and all its bytes."""
    lines = "".join(f"{shard.uuid} {len(shard)}\n" for shard in shards)
    return hashlib.sha256(lines.encode()).hexdigest()
