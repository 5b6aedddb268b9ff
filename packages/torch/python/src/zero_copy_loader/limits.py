"""The block and the maxima of the format (shard-format sections 1 and 12).

What exceeds a maximum is refused before anything is allocated by it.
"""

from __future__ import annotations

from typing import Final

from .errors import ZcError

#: The unit of alignment, of tables and of block checksums (section 1).
BLOCK_BYTES: Final = 4096
SAFE_INTEGER_MAX: Final = 2**53 - 1

FILE_BYTES_MAX: Final = 2**44
FOOTER_BYTES_MAX: Final = 16 * 2**20
SAMPLES_PER_SHARD_MAX: Final = 2**32 - 1
FIELDS_MAX: Final = 1024
FIELD_NAME_BYTES_MAX: Final = 128
DIMENSIONS_MAX: Final = 16
DIMENSION_MAX: Final = 2**32 - 1
ROW_BYTES_MAX: Final = 2**30
METADATA_BYTES_MAX: Final = 2**20
MANIFEST_BYTES_MAX: Final = 256 * 2**20
SHARDS_MAX: Final = 1_000_000
JSON_DEPTH_MAX: Final = 200


def refuse_above(
    limit: int, value: int, what: str, *, path: str | None = None, offset: int | None = None
) -> None:
    """Raises ZC_FORMAT_LIMIT where ``value`` is greater than ``limit``."""
    if value > limit:
        raise ZcError(
            "ZC_FORMAT_LIMIT",
            f"{what} is {value}, the format allows at most {limit}",
            path=path,
            offset=offset,
            expected=limit,
            actual=value,
        )
