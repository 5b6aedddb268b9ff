"""Batches in shuffled order, prefetched by a server process, in memory that is shared with it."""

from __future__ import annotations

import inspect
import itertools
import os
import threading
import weakref
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal, NoReturn, TypeVar, get_args

from . import arguments, state
from . import client as bridge
from .accelerator import Accelerator
from .ahead import Ahead, Stage
from .batch import FieldView
from .batch_at_work import BatchAtWork
from .consumer_clock import ConsumerClock
from .dataset import Dataset
from .errors import ZcError
from .gathered_iteration import GatheredIteration
from .handed_out import HandedOut
from .ids_ahead import IdsAhead
from .iteration import Iteration, Sampled
from .job_share import JobShare, Share
from .padding import PaddedView, Pads
from .padding import checked as checked_pads
from .progress import Place, Progress, batches_of
from .recipe import Collate, Transform, recipe_of, worker_count
from .resident_rows import ResidentRows
from .sample_access import SampleAccess
from .samples import stacked
from .sampling import BatchSampler, Sampler, sampling_of
from .schema import Field
from .session import Session
from .shuffle import Shuffle
from .shuffle import checked as checked_shuffle
from .windows import Windows
from .windows import checked as checked_windows
from .worker_threads import WorkerThreads

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Dataset
Mode = Literal["auto", "direct", "copied"]
Verify = Literal["auto", "always", "never"]
OnCorrupt = Literal["throw", "skip"]


AnyIteration = Iteration | GatheredIteration | HandedOut
_Loader = TypeVar("_Loader", bound="DataLoader")
#: For so many batches more than are sent ahead the ids are drawn, until the server asks for more.
_IDS_BEYOND_AHEAD = 2
#: The order of larger batches is not sent.
_GATHERED_SAMPLES_MAX = 65_536


class DataLoader(SampleAccess):
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
        shuffle: Shuffle | None = False,
        seed: int = 0,
        drop_last: bool = False,
        *,
        sampler: Sampler | None = None,
        batch_sampler: BatchSampler | None = None,
        collate_fn: Collate | None = None,
        transform: Transform | None = None,
        transform_threads: int | None = None,
        pin_memory: bool = False,
        device: Any = None,
        fields: Sequence[str] | None = None,
        prefetch_batches: int | None = None,
        rank: int | None = None,
        world_size: int | None = None,
        max_memory_bytes: int | None = None,
        page_cache_budget: int | None = None,
        mode: Mode = "auto",
        verify: Verify = "auto",
        windows: Windows | None = None,
        pad: Pads | None = None,
        on_corrupt: OnCorrupt = "throw",
        **unknown: NoReturn,
    ) -> None:
        """Opens nothing yet. ``paths``: a dataset's directory, a shard, a list of shards, or a `Dataset`.

        ``shuffle``: True or ``"full"`` makes every order equally likely; the other kind is `BlockShuffle`.
        ``on_corrupt="skip"`` leaves rows that cannot be read, or are not what was written, out of their
        batches, which get shorter, down to none; ``stats()["loader"]["skipped"]`` counts them.
        A dataset of at most ``page_cache_budget`` bytes (by default half of the memory that is available) is
        read through the page cache, a larger one past it.
        With ``windows`` batches have windows over a stream of tokens instead of samples (see `Windows`).

        Fields of ragged shape come as `Packed` rows, those named in ``pad`` as one tensor and the rows'
        lengths (see `Pad`).

        ``sampler`` and ``batch_sampler`` give the order as they do in torch.utils.data, and what a rank
        reads: they are gone over once an epoch, in the thread that asks for batches, ahead of time. An
        exception of theirs is raised for the batch whose ids they did not give.

        ``transform`` is called with each sample, a dict of its fields, and ``collate_fn`` with the list of a
        batch's samples, as torch.utils.data does it; the loop gets what it returns. Samples are views of the
        batch's memory. With ``transform_threads`` both are called by so many threads of this process, some
        batches ahead, in no order among the samples of a batch; with 0 by the thread that asks for batches.
        By default there is a thread a core, up to 8, for ``transform``, and none for ``collate_fn`` alone.
        What they raise is raised for its batch, with a note that names the sample.
        """
        arguments.refuse_unknown(unknown, inspect.signature(DataLoader.__init__).parameters)
        others = {
            "shuffle": shuffle is not None and shuffle is not False,
            "rank": rank is not None,
            "world_size": world_size is not None,
            "sampler": sampler is not None,
            "batch_size": batch_size != 1,
            "drop_last": drop_last is not False,
        }
        self.batch_size = arguments.whole("batch_size", batch_size, 1)
        # torch's own default is None.
        self.shuffle = checked_shuffle(False if shuffle is None else shuffle)
        self.seed = arguments.whole("seed", seed, 0)
        self.drop_last: bool = arguments.one_of("drop_last", drop_last, (False, True))
        if prefetch_batches is not None:
            prefetch_batches = arguments.whole("prefetch_batches", prefetch_batches, 1)
        if max_memory_bytes is not None:
            max_memory_bytes = arguments.whole("max_memory_bytes", max_memory_bytes, 1)
        if page_cache_budget is not None:
            page_cache_budget = arguments.whole("page_cache_budget", page_cache_budget, 0)
        super().__init__([arguments.local_path(path) for path in _listed(paths)], paths)
        self._fields = arguments.names("fields", fields)
        self._pads = checked_pads(pad)
        self.pin_memory: bool = arguments.one_of("pin_memory", pin_memory, (False, True))
        self.device = self._checked_device(device)
        self._recipe = recipe_of(transform, collate_fn, self._default_collate)
        threads = worker_count(transform_threads, transform, collate_fn)
        self._threads = WorkerThreads(threads) if threads else None
        #: As they were given; frameworks look for the sampler here to tell it the epoch.
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self._sampling = sampling_of(sampler, batch_sampler, others, self.batch_size, self.drop_last)
        self._share = JobShare(rank, world_size)
        self._ahead = 2 if prefetch_batches is None else prefetch_batches
        self._options = {
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "seed": self.seed,
            "drop_last": self.drop_last,
            "fields": self._fields,
            "windows": checked_windows(windows),
            "pad": self._pads,
            "prefetch_batches": prefetch_batches,
            "max_memory_bytes": max_memory_bytes,
            "page_cache_budget": page_cache_budget,
            "mode": arguments.one_of("mode", mode, get_args(Mode)),
            "verify": arguments.one_of("verify", verify, get_args(Verify)),
            "on_corrupt": arguments.one_of("on_corrupt", on_corrupt, get_args(OnCorrupt)),
        }
        #: Whether nothing is wanted of batches but their rows as they are stored, by whatever way.
        self._gathers = (
            (mode, verify, on_corrupt) == ("auto", "auto", "throw")
            and (windows, pad) == (None, None)
            and self.batch_size <= _GATHERED_SAMPLES_MAX
        )
        self._resident: ResidentRows | None = None
        self._pid = os.getpid()
        # Of two threads that begin an iteration the second ends the first one's.
        self._beginning = threading.RLock()
        self._session: Session | None = None
        self._digest: str | None = None
        self._clock = ConsumerClock()
        self._progress: Progress | None = None
        # Weak: an iterator that nobody holds any more is over, and says so to the server by itself.
        self._iteration: weakref.ref[AnyIteration] | None = None
        self._next_epoch = 0
        #: Where the next iteration begins, where that was said.
        self._place: Place | None = None
        self._closed = False

    def __iter__(self) -> Iterator[Any]:
        with self._beginning:
            return self._begin()

    def _begin(self) -> Iterator[Any]:
        session = self._open()
        # The ids of a sampler are those of one rank.
        share = Share(0, 1) if self._sampling is not None else self._share.settle()
        place = self._place or self._next_place()
        former = self._current_iteration()
        if former is not None:
            former.supersede()
        progress, sampled = self._progress_from(place, session, share)
        views = [
            self._view_of(field.decoded)
            for field in session.schema.fields
            if self._fields is None or field.name in self._fields
        ]
        accelerator = self._accelerator()
        if accelerator is not None:
            session.client.segments.watch(session.number, accelerator.pin)
        is_last = self._recipe is None and not (accelerator is not None and accelerator.copies)
        clock = self._clock if is_last else None
        leases = None if accelerator is None else accelerator.leases
        iteration: AnyIteration
        make = None
        if leases is None:
            make = self._view_type.batch_maker(views, session.client.segments.table)
        gathered = None
        if make is not None and is_last and sampled is None:
            gathered = self._gathered(session, progress, share)
        if gathered is not None:
            iteration = gathered
        else:
            read = Iteration(self, session, progress, views, share, self._ahead, clock, sampled, leases, make)
            iteration = read if is_last else HandedOut(self._staged(read, accelerator), progress, self._clock)
        self._place = None
        self._next_epoch = progress.begin.epoch + 1
        self._progress = progress
        self._iteration = weakref.ref(iteration)
        return iteration

    def _gathered(self, session: Session, progress: Progress, share: Share) -> GatheredIteration | None:
        """An iteration of rows that lie in memory and were found right, gathered in this process.

        It takes an epoch or two to come to that; who reads a dataset once is not to pay for it.
        """
        if self._resident is None:
            if not self._gathers or self._progress is None or self._progress.handed_out == 0:
                return None
            source = self._paths if len(self._paths) > 1 else self._paths[0]
            budget = self._options["page_cache_budget"]
            self._resident = ResidentRows(source, session.digest, self._fields, self._view_type, budget)
            weakref.finalize(self, self._resident.close)
        if not self._resident.ready():
            return None
        return self._resident.iterate(
            self,
            session,
            progress,
            share,
            batch_size=self.batch_size,
            ahead=self._options["prefetch_batches"],
            budget=self._options["max_memory_bytes"],
            clock=self._clock,
        )

    def _view_of(self, field: Field) -> FieldView:
        view = self._view_type(field)
        return PaddedView(field, view) if field.name in (self._pads or ()) else view

    def _staged(self, stage: Stage, accelerator: Accelerator | None) -> Stage:
        """What is done with batches on their way: the user's functions, and a copy to a device."""
        recipe, threads = self._recipe, self._threads
        if recipe is not None:
            numbers = itertools.count()
            finish = None if accelerator is None else accelerator.pinned
            depth = 0 if threads is None else self._ahead
            stage = Ahead(
                stage, lambda batch: BatchAtWork(recipe, batch, next(numbers), threads, finish), depth
            )
        if accelerator is not None and accelerator.copies:
            stage = Ahead(stage, accelerator.copy, depth=1)
        return stage

    def _progress_from(self, place: Place, session: Session, share: Share) -> tuple[Progress, Sampled | None]:
        sampling = self._sampling
        if sampling is not None:
            progress = Progress(place, sampling.step, None)
            batches = sampling.batches(place.position, place.sampler)
            self._sampler_begun()
            ids = IdsAhead(
                batches,
                samples=session.samples,
                progress=progress,
                batches_ahead=self._ahead + _IDS_BEYOND_AHEAD,
            )
            return progress, Sampled(ids, sampling.expected_batch_size)
        step = self.batch_size * share.world_size
        batches_left = batches_of(session.samples - place.position, step, self.drop_last)
        if place.position > 0 and batches_left == 0:
            # What is left of the epoch is too little for a batch of these ranks.
            place = Place(place.epoch + 1, 0)
            batches_left = batches_of(session.samples, step, self.drop_last)
        return Progress(place, step, batches_left), None

    def _checked_device(self, device: Any) -> Any:
        if device is not None or self.pin_memory:
            raise ZcError(
                "ZC_ARGUMENT",
                "NumPy arrays are on the CPU: device and pin_memory are for tensors",
                advice="from zero_copy_loader.torch import DataLoader",
            )
        return None

    def _accelerator(self) -> Accelerator | None:
        """What batches are made ready for; asked for when an iteration begins."""
        return None

    @staticmethod
    def _default_collate(samples: list[Any]) -> Any:
        """Makes a batch of samples that were transformed."""
        return stacked(samples)

    def _sampler_begun(self) -> None:
        """Told between the asking for a sampler's iterator and the first of its ids."""

    def __len__(self) -> int:
        """Batches of this rank in an epoch. Raises TypeError where a sampler has no length."""
        if self._sampling is not None:
            return self._sampling.epoch_batches()
        return batches_of(
            self._open().samples, self.batch_size * self._share.now().world_size, self.drop_last
        )

    def set_epoch(self, epoch: int) -> None:
        """Makes ``epoch`` the next iteration's, from its beginning.

        Where a state of that epoch was loaded last, the next iteration still goes on where the state says:
        so a training loop may call this at the beginning of each epoch. A sampler that has ``set_epoch`` is
        told.
        """
        epoch = arguments.whole("epoch", epoch, 0)
        if self._place is None or self._place.epoch != epoch:
            self._place = Place(epoch, 0)
        self._next_epoch = epoch
        tell = getattr(self._sampling and self._sampling.sampler, "set_epoch", None)
        if tell is not None:
            tell(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Where the job is: JSON, less than a kilobyte. Counts the batches that were handed out, no others.

        Works after a KeyboardInterrupt and after the server's end. With a sampler of the user's own it is
        this rank's alone, and has the sampler's own state in it.
        """
        return state.save(self._identity(), self._place_now())

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Makes the next iteration go on where a state was taken. Raises ZC_STATE_MISMATCH.

        Batch size and world size may be others than those of the job that was saved.
        """
        place = state.load(state_dict, self._identity())
        self._end_iteration()
        self._place = place
        self._next_epoch = place.epoch

    def _identity(self) -> state.Identity:
        if self._digest is None:
            self._digest = self._open().digest
        counts = None if self._sampling is None else self._sampling.counts
        return state.Identity(self._digest, self.seed, self.shuffle, counts)

    def stats(self) -> dict[str, Any]:
        """What this loader has done, and what holds it up.

        ``loader``: where the time went since it was made, in milliseconds, and ``verdict``, whose ``text``
        says what the job waits for; None before the first iteration. ``batches``: handed out in this
        iteration. ``socket_bytes``: both ways. ``server``: its counters, shared by the process's loaders.
        """
        session = self._open()
        client = session.client
        consumer: dict[str, Any] = {"loader": session.number, **self._clock.to_json()}
        if self._resident is not None:
            consumer["gathered"] = self._resident.counts.to_json()
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
        if self._resident is not None:
            self._resident.close()
        if self._session is not None:
            self._session.client.close_loader(self._session.number)
        self._session = None
        self._closed = True
        if self._threads is not None:
            self._threads.close()

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
        if self._sampling is not None:
            order = f"in the order of {type(self._sampling.sampler).__name__}"
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

    def _next_place(self) -> Place:
        """Where the next iteration begins; one that gave no batch was none.

        Frameworks ask for iterators that they throw away, to see whether they can have one.
        """
        if self._progress is not None and self._progress.handed_out == 0:
            return self._progress.place()
        return Place(self._next_epoch, 0)

    def _place_now(self) -> Place:
        if self._place is not None:
            return self._place
        if self._progress is None:
            return Place(self._next_epoch, 0)
        return self._progress.place()

    def _end_iteration(self) -> None:
        iteration = self._current_iteration()
        if iteration is not None:
            iteration.stop()

    def _current_iteration(self) -> AnyIteration | None:
        return None if self._iteration is None else self._iteration()


def _listed(paths: Paths) -> Sequence[str | os.PathLike[str]]:
    if isinstance(paths, Dataset):
        paths = paths.source
    if isinstance(paths, (str, os.PathLike)):
        return [paths]
    if not len(paths):
        raise ZcError("ZC_ARGUMENT", "the list of shards is empty", advice="Name at least one shard.")
    return paths
