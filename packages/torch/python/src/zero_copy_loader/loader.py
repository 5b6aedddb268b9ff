"""Batches in shuffled order, prefetched by a server process, in memory that is shared with it."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal, NoReturn, TypeVar, get_args

from . import arguments, protocol
from . import client as bridge
from .batch import Batch, FieldView
from .consumer_clock import ConsumerClock
from .dataset import Dataset
from .errors import ZcError
from .iteration import Iteration, Progress, Session, batches_of
from .sample import Sample
from .shuffle import Shuffle
from .shuffle import checked as checked_shuffle
from .windows import Windows
from .windows import checked as checked_windows

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Dataset
Mode = Literal["auto", "direct", "copied"]
Verify = Literal["auto", "always", "never"]
OnCorrupt = Literal["throw", "skip"]

_Loader = TypeVar("_Loader", bound="DataLoader")
_STATE_VERSION = 1


class DataLoader:
    """An iterable of batches: dicts of NumPy arrays that lie in shared memory, nothing copied in between.

    Each iteration that gave a batch is an epoch, also after a ``break``; one that is still under way ends,
    and its next batch raises ZC_SUPERSEDED. Arrays are writable and the caller's own: a slot is written again
    only when the last array that aliases it is gone. Keeping batches is safe; past ``max_memory_bytes`` the
    next one raises ZC_MEMORY_BUDGET.

    The reading is done by a server that starts with the first iteration, serves all loaders of this process,
    and ends with it. Rank and world size are those of torch.distributed where it runs, else RANK and
    WORLD_SIZE, else 0 of 1; the first iteration settles them.

    Example::

        loader = DataLoader("data/train", batch_size=64, shuffle=True, seed=7)
        for batch in loader:
            step(batch["image"], batch["label"])
    """

    _view_type: ClassVar[type[FieldView]] = FieldView

    def __init__(
        self,
        paths: Paths,
        batch_size: int = 1,
        shuffle: Shuffle = False,
        seed: int = 0,
        drop_last: bool = False,
        fields: Sequence[str] | None = None,
        prefetch_batches: int | None = None,
        rank: int | None = None,
        world_size: int | None = None,
        max_memory_bytes: int | None = None,
        mode: Mode = "auto",
        verify: Verify = "auto",
        windows: Windows | None = None,
        on_corrupt: OnCorrupt = "throw",
    ) -> None:
        """Opens nothing yet. ``paths``: a dataset's directory, a shard, a list of shards, or a `Dataset`.

        ``shuffle``: True or ``"full"`` makes every order equally likely; the other kind is `BlockShuffle`.
        ``on_corrupt="skip"`` leaves rows that cannot be read, or are not what was written, out of their
        batches, which get shorter, down to none; ``stats()["loader"]["skipped"]`` counts them.
        With ``windows`` batches have windows over a stream of tokens instead of samples (see `Windows`).
        """
        self.batch_size = arguments.whole("batch_size", batch_size, 1)
        self.shuffle = checked_shuffle(shuffle)
        self.seed = arguments.whole("seed", seed, 0)
        self.drop_last: bool = arguments.one_of("drop_last", drop_last, (False, True))
        if prefetch_batches is not None:
            prefetch_batches = arguments.whole("prefetch_batches", prefetch_batches, 1)
        if max_memory_bytes is not None:
            max_memory_bytes = arguments.whole("max_memory_bytes", max_memory_bytes, 1)
        self._paths = [arguments.local_path(path) for path in _listed(paths)]
        self._fields = arguments.names("fields", fields)
        self._share = (rank, world_size)
        self._settled: tuple[int, int] | None = None
        self._ahead = 2 if prefetch_batches is None else prefetch_batches
        self._options = {
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "seed": self.seed,
            "drop_last": self.drop_last,
            "fields": self._fields,
            "windows": checked_windows(windows),
            "prefetch_batches": prefetch_batches,
            "max_memory_bytes": max_memory_bytes,
            "mode": arguments.one_of("mode", mode, get_args(Mode)),
            "verify": arguments.one_of("verify", verify, get_args(Verify)),
            "on_corrupt": arguments.one_of("on_corrupt", on_corrupt, get_args(OnCorrupt)),
        }
        self._pid = os.getpid()
        # Of two threads that begin an iteration the second ends the first one's.
        self._beginning = threading.RLock()
        self._session: Session | None = None
        self._dataset = paths if isinstance(paths, Dataset) else None
        self._digest: str | None = None
        self._clock = ConsumerClock()
        self._progress: Progress | None = None
        # Weak: an iterator that nobody holds any more is over, and says so to the server by itself.
        self._iteration: weakref.ref[Iteration] | None = None
        self._next_epoch = 0
        self._state: tuple[int, int] | None = None
        self._last_sample = -1
        self._closed = False

    def __iter__(self) -> Iterator[Batch]:
        with self._beginning:
            return self._begin()

    def _begin(self) -> Iterator[Batch]:
        session = self._open()
        rank, world_size = self._settle()
        epoch, position = self._state or self._next_place()
        former = self._current_iteration()
        if former is not None:
            former.supersede()
        step = self.batch_size * world_size
        batches = batches_of(session.samples - position, step, self.drop_last)
        if position > 0 and batches == 0:
            # What is left of the epoch is too little for a batch of these ranks.
            epoch, position = epoch + 1, 0
            batches = batches_of(session.samples, step, self.drop_last)
        progress = Progress(epoch, position, step, batches)
        views = [
            self._view_type(field.decoded)
            for field in session.schema.fields
            if self._fields is None or field.name in self._fields
        ]
        iteration = Iteration(self, session, progress, views, (rank, world_size), self._ahead, self._clock)
        self._state = None
        self._next_epoch = epoch + 1
        self._progress = progress
        self._iteration = weakref.ref(iteration)
        return iteration

    def __len__(self) -> int:
        """Batches of this rank in an epoch."""
        return batches_of(self._open().samples, self.batch_size * self._share_now()[1], self.drop_last)

    def set_epoch(self, epoch: int) -> None:
        """Makes ``epoch`` the next iteration's."""
        self._next_epoch = epoch
        self._state = (epoch, 0)

    def state_dict(self) -> dict[str, Any]:
        """Where the job is: JSON, less than a kilobyte. Counts the batches that were handed out, no others.

        Works after a KeyboardInterrupt and after the server's end.
        """
        if self._digest is None:
            self._open()
        epoch, position = self._position()
        return {
            "version": _STATE_VERSION,
            "dataset": self._digest,
            "seed": self.seed,
            "shuffle": self.shuffle,
            "epoch": epoch,
            "position": position,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Makes the next iteration go on where ``state`` was taken. Raises ZC_STATE_MISMATCH.

        Batch size and world size may be others than those of the job that was saved.
        """
        if not isinstance(state, dict):
            raise ZcError(
                "ZC_ARGUMENT",
                f"the state is a {type(state).__name__}, expected what state_dict() gave",
                actual=state,
            )
        if self._digest is None:
            self._open()
        mine = {
            "version": _STATE_VERSION,
            "dataset": self._digest,
            "seed": self.seed,
            "shuffle": self.shuffle,
        }
        for key, expected in mine.items():
            if state.get(key) != expected:
                raise ZcError(
                    "ZC_STATE_MISMATCH",
                    f"the state's {key} is {state.get(key)!r}, this loader's {expected!r}",
                    expected=expected,
                    actual=state.get(key),
                )
        self._end_iteration()
        self._state = (
            arguments.whole("the state's epoch", state.get("epoch"), 0),
            arguments.whole("the state's position", state.get("position"), 0),
        )
        self._next_epoch = self._state[0]

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
            raise protocol.error_from(failure)
        return int(report["bytes"])

    def stats(self) -> dict[str, Any]:
        """What this loader has done, and what holds it up.

        ``loader``: where the time went since it was made, in milliseconds, and ``verdict``, whose ``text``
        says what the job waits for; None before the first iteration. ``batches``: handed out in this
        iteration. ``socket_bytes``: both ways. ``server``: its counters, shared by the process's loaders.
        """
        session = self._open()
        client = session.client
        consumer = {"loader": session.number, **self._clock.to_json()}
        server = client.request("stats", consumer=consumer)
        return {
            "loader": server.pop("loader"),
            "batches": self._progress.handed_out if self._progress else 0,
            "socket_bytes": client.received_bytes + client.sent_bytes,
            "server_pid": client.server_pid,
            "server": server,
        }

    def close(self) -> None:
        """Ends the loader. Batches that are held stay valid."""
        self._end_iteration()
        if self._session is not None:
            self._session.client.close_loader(self._session.number)
        self._session = None
        self._closed = True

    def __enter__(self: _Loader) -> _Loader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise ZcError(
            "ZC_ARGUMENT",
            "a loader cannot be pickled: it belongs to the process that made it",
            advice="Pass its path and options on and make it there, or save loader.state_dict().",
        )

    def __repr__(self) -> str:
        where = self._paths[0] if len(self._paths) == 1 else f"{len(self._paths)} shards"
        order = f"shuffled with seed {self.seed}" if self.shuffle else "in order"
        if isinstance(self.shuffle, dict):
            order = "shuffled by blocks of {blocks} bytes in windows of {window}, ".format(**self.shuffle)
            order += f"with seed {self.seed}"
        return f"<{type(self).__name__} of {where}: batches of {self.batch_size}, {order}>"

    def _open(self) -> Session:
        if self._closed:
            raise ZcError("ZC_CLOSED", "the loader is closed")
        if self._pid != os.getpid():
            raise ZcError(
                "ZC_TORCH_FORKED", f"the loader was made in process {self._pid}, this is {os.getpid()}"
            )
        if self._session is None or not self._session.client.alive:
            session = Session(bridge.shared_client(), self._paths, self._options)
            if self._digest not in (None, session.digest):
                raise ZcError("ZC_STATE_MISMATCH", "the dataset has changed since the loader was opened")
            session.client.close_with(self, session.number)
            self._digest = session.digest
            self._session = session
        return self._session

    def _settle(self) -> tuple[int, int]:
        found = self._share_now()
        if self._settled is None:
            self._settled = found
        if found != self._settled:
            was, now = (f"rank {rank} of {size}" for rank, size in (self._settled, found))
            raise ZcError(
                "ZC_RANK_CHANGED", f"the loader began as {was} and is now {now}", expected=was, actual=now
            )
        return found

    def _share_now(self) -> tuple[int, int]:
        """Rank and world size: those given, else torch.distributed's, else the environment's."""
        rank, world_size = self._share
        if rank is None or world_size is None:
            found = _share_found()
            rank = found[0] if rank is None else rank
            world_size = found[1] if world_size is None else world_size
        if not 0 <= rank < world_size:
            raise ZcError("ZC_ARGUMENT", f"rank is {rank} and world_size {world_size}")
        return rank, world_size

    def _next_place(self) -> tuple[int, int]:
        """Epoch and position of the next iteration; one that gave no batch was none.

        Frameworks ask for iterators that they throw away, to see whether they can have one.
        """
        if self._progress is not None and self._progress.handed_out == 0:
            return self._progress.position()
        return (self._next_epoch, 0)

    def _position(self) -> tuple[int, int]:
        if self._state is not None:
            return self._state
        if self._progress is None:
            return (self._next_epoch, 0)
        return self._progress.position()

    def _end_iteration(self) -> None:
        iteration = self._current_iteration()
        if iteration is not None:
            iteration.stop()

    def _current_iteration(self) -> Iteration | None:
        return None if self._iteration is None else self._iteration()


def _listed(paths: Paths) -> Sequence[str | os.PathLike[str]]:
    if isinstance(paths, Dataset):
        paths = paths.source
    if isinstance(paths, (str, os.PathLike)):
        return [paths]
    if not len(paths):
        raise ZcError("ZC_ARGUMENT", "the list of shards is empty", advice="Name at least one shard.")
    return paths


def _share_found() -> tuple[int, int]:
    """Asks torch.distributed only where it was imported: NumPy users need no torch."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return arguments.from_environment("RANK", "0"), arguments.from_environment("WORLD_SIZE", "1")
