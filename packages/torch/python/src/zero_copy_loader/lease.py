"""Slots of shared memory that the server has lent to this process."""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import struct
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from .core import library
from .errors import ZcError

#: Control words of a slot: the generation whose lease has ended, and the one that was taken.
_CONTROL_BYTES_PER_SLOT: Final = 8
_TAKEN: Final = struct.Struct("<I")
_F_GET_SEALS: Final = 1034
_F_SEAL_SHRINK: Final = 0x0002


class Segment:
    """One memfd of the server, mapped here as long as this object or anything made of its slots lives."""

    def __init__(
        self,
        descriptor: int,
        *,
        size_bytes: int,
        control_bytes: int,
        slots: int,
        slot_bytes: int,
        released: int,
    ) -> None:
        """Maps the segment; the descriptor stays the caller's. ``released`` is the eventfd to write."""
        _check(descriptor, size_bytes, control_bytes, slots, slot_bytes)
        self.size_bytes = size_bytes
        try:
            self._map = mmap.mmap(descriptor, size_bytes)
        except OSError as error:
            raise ZcError(
                "ZC_IO_MEMORY",
                f"{size_bytes} bytes of shared memory cannot be mapped: {error}",
                advice="Lower max_memory_bytes, or raise the limit of this process's memory (`ulimit -v`).",
            ) from error
        self._control_bytes = control_bytes
        self._slots = slots
        self._slot_bytes = slot_bytes
        self._slot_type: Any = ctypes.c_uint8 * slot_bytes
        self._control = ctypes.addressof(ctypes.c_uint8.from_buffer(self._map))
        # A callback runs only while its weak reference lives: a slot keeps its one until its next lease.
        self._watches: list[Any] = [None] * slots
        self._end: Callable[..., None] = library().zc_lease_end
        self._released = released
        self._owner = os.getpid()

    @property
    def map(self) -> object:
        """What keeps the memory mapped, as everything does that is made of its slots."""
        return self._map

    @property
    def address(self) -> int:
        """Where the segment begins in this process."""
        return self._control

    def take(self, slot: int, generation: int) -> Any:
        """The slot's memory, as a writable buffer. The lease ends with the last object made of it.

        The end is a chain of C functions without a step of the interpreter: it stores into the control word
        and writes the eventfd. So it cannot fail at exit, takes no lock, and swallows no KeyboardInterrupt,
        as a ``__del__`` would that happens to run when Ctrl-C comes.
        """
        if slot >= self._slots:
            raise ZcError(
                "ZC_TORCH_PROTOCOL", f"slot {slot} is beyond the segment", expected=self._slots, actual=slot
            )
        control = slot * _CONTROL_BYTES_PER_SLOT
        memory = self._slot_type.from_buffer(self._map, self._control_bytes + slot * self._slot_bytes)
        end = partial(self._end, self._control + control, generation, self._released, self._owner)
        self._watches[slot] = weakref.ref(memory, end)
        if self._released < 0:
            self._watches[slot] = None
        # The last step: a signal's exception before it leaves a slot that was not taken.
        _TAKEN.pack_into(self._map, control + 4, generation)
        return memory

    @property
    def leased(self) -> bool:
        """Whether anything made of one of the slots is still there."""
        return any(watch is not None and watch() is not None for watch in self._watches)

    def forget(self) -> None:
        """Ends no more leases: for when the server is gone, and its eventfd's number may be another's."""
        self._released = -1
        self._watches = [None] * self._slots


def _check(descriptor: int, size_bytes: int, control_bytes: int, slots: int, slot_bytes: int) -> None:
    """Refuses what could end in SIGBUS: a segment that is shorter than announced or could shrink."""
    found = os.fstat(descriptor).st_size
    needed = control_bytes + slots * slot_bytes
    sealed = fcntl.fcntl(descriptor, _F_GET_SEALS) & _F_SEAL_SHRINK
    fits = 0 < needed <= size_bytes <= found and 0 <= slots * _CONTROL_BYTES_PER_SLOT <= control_bytes
    if not sealed or not fits or slot_bytes <= 0:
        raise ZcError(
            "ZC_TORCH_PROTOCOL",
            f"a segment of {found} bytes, {'sealed' if sealed else 'not sealed'}, was announced as "
            f"{size_bytes} bytes with {slots} slots of {slot_bytes} behind {control_bytes}",
            expected=needed,
            actual=found,
        )
