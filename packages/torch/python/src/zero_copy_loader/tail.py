"""The last 64 bytes of a shard (shard-format section 4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from .core import crc32c
from .errors import ZcError
from .head import HEAD_BYTES
from .head import MAGIC as HEAD_MAGIC
from .limits import BLOCK_BYTES, FILE_BYTES_MAX, FOOTER_BYTES_MAX, SAFE_INTEGER_MAX, refuse_above

MAGIC: Final = b"ZCSEND\r\n"
TAIL_BYTES: Final = 64
SHARD_BYTES_MIN: Final = HEAD_BYTES + TAIL_BYTES

_BODY = struct.Struct("<QQQII16sI")
_END = struct.Struct("<I8s")


@dataclass(frozen=True)
class Tail:
    """Where the footer lies, how long the file is, and what head and footer must hash to."""

    footer_offset: int
    footer_bytes: int
    file_bytes: int
    footer_crc: int
    head_crc: int
    uuid: bytes

    def to_bytes(self) -> bytes:
        body = _BODY.pack(
            self.footer_offset,
            self.footer_bytes,
            self.file_bytes,
            self.footer_crc,
            self.head_crc,
            self.uuid,
            0,
        )
        return body + _END.pack(crc32c(body), MAGIC)


def parse_tail(tail: bytes, head: bytes, file_bytes: int, path: str) -> Tail:
    """Reads a tail and checks it against the file's real length, in the order of section 4.

    The head only tells a shard that was cut from a file that never was one. Raises ZC_FORMAT_TRUNCATED,
    ZC_FORMAT_BAD_MAGIC, ZC_FORMAT_CHECKSUM, ZC_FORMAT_FOOTER and ZC_FORMAT_LIMIT.
    """
    refuse_above(FILE_BYTES_MAX, file_bytes, "the length of the file", path=path)
    at = file_bytes - TAIL_BYTES
    body, (crc, magic) = tail[: _BODY.size], _END.unpack_from(tail, _BODY.size)
    if magic != MAGIC and not head.startswith(HEAD_MAGIC):
        raise ZcError(
            "ZC_FORMAT_BAD_MAGIC",
            "the file neither begins nor ends as a shard does",
            path=path,
            offset=0,
            expected=HEAD_MAGIC.hex(),
            actual=head[: len(HEAD_MAGIC)].hex(),
        )
    if magic != MAGIC:
        raise ZcError(
            "ZC_FORMAT_TRUNCATED",
            f"the file ends with {magic.hex(' ')}, a shard with {MAGIC.hex(' ')}",
            path=path,
            offset=at + 56,
            expected=MAGIC.hex(),
            actual=magic.hex(),
        )
    found_crc = crc32c(body)
    if crc != found_crc:
        raise ZcError(
            "ZC_FORMAT_CHECKSUM",
            f"the tail has CRC32C {found_crc:08x}, expected {crc:08x}",
            path=path,
            offset=at,
            expected=crc,
            actual=found_crc,
        )
    parsed = Tail(*_BODY.unpack(body)[:6])
    for place, value in enumerate((parsed.footer_offset, parsed.footer_bytes, parsed.file_bytes)):
        refuse_above(SAFE_INTEGER_MAX, value, "a number of the tail", path=path, offset=at + 8 * place)
    if parsed.file_bytes != file_bytes:
        raise ZcError(
            "ZC_FORMAT_TRUNCATED" if parsed.file_bytes > file_bytes else "ZC_FORMAT_FOOTER",
            f"the file has {file_bytes} bytes, its tail says {parsed.file_bytes}",
            path=path,
            offset=at + 16,
            expected=parsed.file_bytes,
            actual=file_bytes,
        )
    refuse_above(FOOTER_BYTES_MAX, parsed.footer_bytes, "the length of the footer", path=path, offset=at + 8)
    ends_file = parsed.footer_offset + parsed.footer_bytes + TAIL_BYTES == file_bytes
    if not ends_file or parsed.footer_offset < HEAD_BYTES or parsed.footer_offset % BLOCK_BYTES:
        raise ZcError(
            "ZC_FORMAT_FOOTER",
            f"the footer is said to have {parsed.footer_bytes} bytes at {parsed.footer_offset}, "
            f"which is not a block behind the head and before the tail",
            path=path,
            offset=at,
            actual=(parsed.footer_offset, parsed.footer_bytes),
        )
    return parsed
