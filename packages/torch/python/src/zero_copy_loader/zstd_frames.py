"""Rows that are one zstd frame each (shard-format section 7.2; RFC 8878)."""

from __future__ import annotations

from .limits import ROW_BYTES_MAX

MAGIC = b"\x28\xb5\x2f\xfd"
BLOCK_BYTES_MAX = 128 * 1024
WINDOW_BYTES_MIN = 1024


class FrameError(ValueError):
    """The bytes are not one frame as the format has it; the message completes "it …"."""


def decode(frame: memoryview, expected_bytes: int) -> bytes:
    """What a frame holds, checked to be ``expected_bytes`` before and after it is decoded.

    Raises FrameError, and ImportError where the package ``zstandard`` is not installed.
    """
    content_bytes = content_bytes_of(frame)
    if content_bytes != expected_bytes:
        raise FrameError(f"claims {content_bytes} bytes where {expected_bytes} belong")
    import zstandard

    try:
        content: bytes = zstandard.ZstdDecompressor().decompress(frame, max_output_size=content_bytes)
    except zstandard.ZstdError as error:
        raise FrameError(f"does not decode: {error}") from error
    if len(content) != content_bytes:
        raise FrameError(f"decodes to {len(content)} of its {content_bytes} bytes")
    return content


def content_bytes_of(frame: memoryview) -> int:
    """The length that a frame decodes to, by its header.

    Its blocks are followed to the end, so that a frame that is cut, followed by something, or too short for
    the length it claims is found before memory is taken for it. Raises FrameError.
    """
    if len(frame) < 6 or frame[:4] != MAGIC:
        raise FrameError("does not begin as one")
    flags = frame[4]
    single_segment, size_flag = bool(flags & 0x20), flags >> 6
    if flags & 0x08:
        raise FrameError("sets a reserved bit")
    if flags & 0x03:
        raise FrameError("needs a dictionary")
    if size_flag == 0 and not single_segment:
        raise FrameError("does not tell its content size")
    at = 5 if single_segment else 6
    size_bytes = 1 << size_flag
    if len(frame) < at + size_bytes:
        raise FrameError("is cut short")
    content_bytes = int.from_bytes(frame[at : at + size_bytes], "little") + (256 if size_flag == 1 else 0)
    window_bytes = content_bytes if single_segment else _window_bytes(frame[5])
    if content_bytes > ROW_BYTES_MAX:
        raise FrameError(f"claims {content_bytes} bytes, above ROW_BYTES_MAX ({ROW_BYTES_MAX})")
    blocks = _follow_blocks(frame, at + size_bytes, has_checksum=bool(flags & 0x04))
    if content_bytes > blocks * BLOCK_BYTES_MAX:
        raise FrameError(f"claims {content_bytes} bytes in {blocks} blocks of 128 KiB at most")
    if window_bytes > max(content_bytes, WINDOW_BYTES_MIN):
        raise FrameError(f"asks for a window of {window_bytes} bytes to decode {content_bytes}")
    return content_bytes


def _window_bytes(descriptor: int) -> int:
    base = 1 << (10 + (descriptor >> 3))
    return base + base // 8 * (descriptor & 7)


def _follow_blocks(frame: memoryview, at: int, *, has_checksum: bool) -> int:
    """How many blocks there are; the last one, with the checksum, has to end where the row does."""
    blocks = 0
    while True:
        if at + 3 > len(frame):
            raise FrameError("is cut short")
        header = int.from_bytes(frame[at : at + 3], "little")
        kind = header >> 1 & 3
        if kind == 3:
            raise FrameError("has a block of a reserved type")
        # Of a run of one byte, that byte is stored.
        at += 3 + (1 if kind == 1 else header >> 3)
        blocks += 1
        if header & 1:
            break
    at += 4 if has_checksum else 0
    if at > len(frame):
        raise FrameError("is cut short")
    if at < len(frame):
        raise FrameError(f"is followed by {len(frame) - at} bytes")
    return blocks
