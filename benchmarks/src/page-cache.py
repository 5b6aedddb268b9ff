"""Drops files from the page cache and says how much of them is there afterwards.

usage: page-cache.py cold|half < PATHS     prints one number: the resident pages (mincore)

``half`` brings every second stretch of 4 MiB back.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys

PAGE = mmap.PAGESIZE
STRETCH_BYTES = 4 * 2**20
libc = ctypes.CDLL(None, use_errno=True)
libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]


def resident_pages(descriptor: int, size: int) -> int:
    """How many pages of a file the page cache holds; the file must be our own or writable."""
    if size == 0:
        return 0
    with mmap.mmap(descriptor, size, mmap.MAP_SHARED) as mapping:
        address = ctypes.addressof(ctypes.c_char.from_buffer(mapping))
        pages = ctypes.create_string_buffer((size + PAGE - 1) // PAGE)
        if libc.mincore(address, size, pages) != 0:
            raise OSError(ctypes.get_errno(), "mincore")
        return sum(byte & 1 for byte in pages.raw)


def arrange(path: str, half: bool) -> int:
    """Flushes and drops one file, brings half of it back if asked to; returns its resident pages."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        size = os.fstat(descriptor).st_size
        if half:
            # Nothing beyond a stretch is to be read ahead.
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
            for start in range(0, size, 2 * STRETCH_BYTES):
                os.pread(descriptor, STRETCH_BYTES, start)
        return resident_pages(descriptor, size)
    finally:
        os.close(descriptor)


def main() -> None:
    paths = sys.stdin.read().splitlines()
    print(sum(arrange(path, half=sys.argv[1] == "half") for path in paths))


if __name__ == "__main__":
    main()
