"""The first 4096 bytes of a shard (shard-format section 3)."""

from __future__ import annotations

import struct
from typing import Final

from .core import crc32c
from .errors import ZcError

MAGIC: Final = b"\x8aZCS\r\n\x1a\n"
MAJOR: Final = 1
MINOR: Final = 0
HEAD_BYTES: Final = 4096

_FIELDS = struct.Struct("<8sHHIII")

#: The head of every version 1.0 shard.
HEAD: Final = _FIELDS.pack(MAGIC, MAJOR, MINOR, 0, 0, HEAD_BYTES).ljust(HEAD_BYTES, b"\0")


def check_head(head: bytes, expected_crc: int, path: str) -> int:
    """Checks a head as it was read; gives the minor version.

    Raises ZC_FORMAT_BAD_MAGIC, ZC_FORMAT_VERSION, ZC_FORMAT_FLAGS, ZC_FORMAT_HEAD and ZC_FORMAT_CHECKSUM.
    """
    magic, major, minor, must_understand, _may_ignore, length = _FIELDS.unpack_from(head)
    if magic != MAGIC:
        raise ZcError(
            "ZC_FORMAT_BAD_MAGIC",
            f"the file begins with {magic.hex(' ')}, a shard with {MAGIC.hex(' ')}",
            path=path,
            offset=0,
            expected=MAGIC.hex(),
            actual=magic.hex(),
        )
    if major != MAJOR:
        raise ZcError(
            "ZC_FORMAT_VERSION",
            f"the shard has format version {major}.{minor}, this reader knows {MAJOR}",
            path=path,
            offset=8,
            expected=MAJOR,
            actual=major,
        )
    if must_understand:
        raise ZcError(
            "ZC_FORMAT_FLAGS",
            f"the must-understand flags are {must_understand:08x}, this reader knows none",
            path=path,
            offset=12,
            expected=0,
            actual=must_understand,
        )
    if length != HEAD_BYTES:
        raise ZcError(
            "ZC_FORMAT_HEAD",
            f"the head says it has {length} bytes, expected {HEAD_BYTES}",
            path=path,
            offset=20,
            expected=HEAD_BYTES,
            actual=length,
        )
    found_crc = crc32c(head)
    if found_crc != expected_crc:
        raise ZcError(
            "ZC_FORMAT_CHECKSUM",
            f"the head has CRC32C {found_crc:08x}, expected {expected_crc:08x}",
            path=path,
            offset=0,
            expected=expected_crc,
            actual=found_crc,
        )
    return int(minor)
