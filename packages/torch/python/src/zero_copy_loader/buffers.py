"""Memory that batches are gathered into, used again when nothing that was made of it is left."""

from __future__ import annotations

import ctypes
import mmap
import weakref
from collections import deque
from typing import Any, Final

_PAGE_BYTES: Final = mmap.PAGESIZE
#: Buffers kept for reuse; a fresh page costs more than what is copied into it.
_IDLE_MAX: Final = 4
#: A buffer is used for what needs at least this part of it.
_SLACK: Final = 4


class Buffers:
    """Page-aligned buffers, each the taker's own until the last object made of it is gone.

    A forked child has copies of all of them. Threads may share it.
    """

    def __init__(self) -> None:
        self._lent: dict[int, tuple[Any, mmap.mmap]] = {}
        # Dead references, which a C function puts here: no step of the interpreter runs when a batch ends.
        self._ended: deque[Any] = deque()
        self._idle: deque[mmap.mmap] = deque(maxlen=_IDLE_MAX)

    def take(self, length: int) -> Any:
        """Writable memory of ``length`` bytes or more, whatever lies in it."""
        memory = self._find(length)
        view = (ctypes.c_uint8 * len(memory)).from_buffer(memory)
        watch = weakref.ref(view, self._ended.append)
        self._lent[id(watch)] = (watch, memory)
        return view

    def _find(self, length: int) -> mmap.mmap:
        while self._ended:
            _, memory = self._lent.pop(id(self._ended.popleft()))
            self._idle.append(memory)
        # The one that was given back last is the likeliest to lie in the processor's cache.
        for memory in reversed(tuple(self._idle)):
            if length <= len(memory) <= max(_SLACK * length, _PAGE_BYTES):
                self._idle.remove(memory)
                return memory
        pages = -(-max(length, 1) // _PAGE_BYTES)
        return mmap.mmap(-1, pages * _PAGE_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def page_aligned(length: int) -> int:
    """The next multiple of a page."""
    return -(-length // _PAGE_BYTES) * _PAGE_BYTES
