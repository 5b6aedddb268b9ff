"""Slots of shared memory that the server has lent to this process."""

from __future__ import annotations

import ctypes
from typing import Any

from .core import library, map_segment
from .errors import ZcError
from .protocol import protocol_error


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
        sizes = (size_bytes, control_bytes, slots, slot_bytes)
        if not all(type(each) is int and 0 <= each < 2**63 for each in sizes) or slots >= 2**32:
            raise protocol_error(f"a segment's sizes are announced as {sizes}")
        self.size_bytes = size_bytes
        try:
            self._handle = map_segment(descriptor, *sizes, released)
        except ZcError as error:
            if error.code == "ZC_ARGUMENT":
                raise protocol_error(error.summary) from None
            advice = "Lower max_memory_bytes, or raise the limit of this process's memory (`ulimit -v`)."
            raise ZcError("ZC_IO_MEMORY", error.summary, advice=advice) from error
        core = library()
        #: Where the segment begins in this process.
        self.address = int(core.zc_py_segment_address(self._handle))
        self._slots = slots
        self._slots_begin = self.address + control_bytes
        self._slot_bytes = slot_bytes
        self._slot_type: Any = ctypes.c_uint8 * slot_bytes
        self._lend, self._leases, self._forget = (
            core.zc_py_lease,
            core.zc_py_segment_leases,
            core.zc_py_segment_forget,
        )

    @property
    def handle(self) -> Any:
        """What the native core takes for the segment. It keeps the memory mapped."""
        return self._handle

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
        memory = self._slot_type.from_address(self._slots_begin + slot * self._slot_bytes)
        # The last step: a signal's exception before it leaves a slot that was not taken.
        memory.lease = self._lend(self._handle, slot, generation)
        return memory

    @property
    def leased(self) -> bool:
        """Whether anything made of one of the slots is still there."""
        return bool(self._leases(self._handle))

    def forget(self) -> None:
        """Ends no more leases: for when the server is gone, and its eventfd's number may be another's."""
        self._forget(self._handle)
