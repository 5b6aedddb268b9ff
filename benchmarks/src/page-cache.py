"""Drops files from the page cache and says how much of them is still there.

usage: page-cache.py FILE...     prints one number: the resident pages left over (mincore)
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys

PAGE = mmap.PAGESIZE
libc = ctypes.CDLL(None, use_errno=True)
libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]


def drop(path: str) -> int:
    """Flushes and drops one file; returns its resident pages afterwards."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        size = os.fstat(descriptor).st_size
        if size == 0:
            return 0
        with mmap.mmap(descriptor, size, mmap.MAP_SHARED) as mapping:
            address = ctypes.addressof(ctypes.c_char.from_buffer(mapping))
            pages = ctypes.create_string_buffer((size + PAGE - 1) // PAGE)
            if libc.mincore(address, size, pages) != 0:
                raise OSError(ctypes.get_errno(), "mincore", path)
            return sum(byte & 1 for byte in pages.raw)
    finally:
        os.close(descriptor)


def main() -> None:
    print(sum(drop(path) for path in sys.argv[1:]))


if __name__ == "__main__":
    main()
