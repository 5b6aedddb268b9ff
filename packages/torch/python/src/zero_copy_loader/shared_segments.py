"""The shared memory that the server has told this process of."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

from .core import library
from .errors import ZcError
from .lease import Segment
from .protocol import protocol_error


class SharedSegments:
    """The segments of a connection, by their numbers."""

    def __init__(self, packets: socket.socket, released: int) -> None:
        """``packets``: brings their memfds. ``released``: the eventfd to write when a lease ends."""
        self._packets = packets
        self._released = released
        self._arrived: list[Any] = []
        self._known: dict[int, Segment] = {}
        self._loaders: dict[int, int] = {}
        #: By loader: who is told of its segments.
        self._watchers: dict[int, Callable[[Segment], None]] = {}
        self._retired: list[Segment] = []
        #: The same for the native core, which looks them up by itself.
        self.table: Any = library().zc_py_segment_table()

    def __iter__(self) -> Iterator[Segment]:
        return iter([*self._known.values()])

    def take(self, number: int, slot: int, generation: int) -> Any:
        """A slot's memory, under a lease that ends with the last object made of it."""
        if number not in self._known:
            raise protocol_error(f"a batch lies in segment {number}, which was not announced")
        return self._known[number].take(slot, generation)

    def watch(self, loader: int, watcher: Callable[[Segment], None]) -> None:
        """Tells ``watcher`` of each segment of a loader as it comes, in the thread that receives it."""
        self._watchers[loader] = watcher

    def leave(self, loader: int) -> None:
        """A loader is over."""
        self._watchers.pop(loader, None)
        for number in [number for number, owner in [*self._loaders.items()] if owner == loader]:
            self.retire(number)

    def forget(self) -> None:
        """The connection is over: no lease is ended any more."""
        # The eventfd's number may be another file's by the time that the batches that are held end.
        for segment in (*self._known.values(), *self._retired):
            segment.forget()

    def announce(self, notice: dict[str, Any]) -> None:
        """Maps what the server tells of. Raises ZC_TORCH_PROTOCOL, ZC_IO_MEMORY."""
        number, loader = notice["segment"], notice["loader"]
        # It has been sent before the notice, so there is nothing to wait for.
        packet = (4, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC | socket.MSG_DONTWAIT)
        if number in self._known:
            return
        if not self._arrived:
            # One call without Python code in it, so that no signal comes between a descriptor and its name.
            try:
                self._arrived.extend(itertools.starmap(self._packets.recvmsg, (packet,)))
            except BlockingIOError:
                raise protocol_error(f"segment {number} was announced, and no packet came") from None
        payload, ancillary, flags, _ = self._arrived[0]
        if flags & socket.MSG_CTRUNC:
            raise ZcError(
                "ZC_IO_MEMORY",
                "shared memory has come for which this process may open no file",
                advice="Raise the limit of open files (`ulimit -n`), or close some.",
            )
        if payload != int(number).to_bytes(4, "little") or len(ancillary) != 1:
            raise protocol_error(f"segment {number} was announced, and packet {payload.hex()!r} came")
        descriptor = int.from_bytes(ancillary[0][2][:4], "little")
        sizes = {key: notice[key] for key in ("size_bytes", "control_bytes", "slots", "slot_bytes")}
        try:
            self._known[number] = Segment(descriptor, released=self._released, **sizes)
        except BaseException as error:
            # A signal's exception is not the end: the notice is dealt with again.
            if isinstance(error, Exception):
                self._arrived.clear()
                os.close(descriptor)
            raise
        self._loaders[number] = loader
        library().zc_py_segment_table_add(self.table, number, self._known[number].handle)
        self._arrived.clear()
        os.close(descriptor)
        watcher = self._watchers.get(loader)
        if watcher is not None:
            watcher(self._known[number])

    def retire(self, number: int) -> None:
        """No batch lies in it any more; leases that are held stay valid."""
        segment = self._known.pop(number, None)
        if segment is not None:
            library().zc_py_segment_table_remove(self.table, number)
        self._loaders.pop(number, None)
        self._retired = [each for each in self._retired if each.leased]
        if segment is not None and segment.leased:
            self._retired.append(segment)
