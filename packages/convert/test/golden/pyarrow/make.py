"""Writes the Parquet and Arrow files of this folder with pyarrow 25 itself.

usage: make.py [FOLDER]     another folder to write to
"""

from __future__ import annotations

import decimal
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
ROWS = 5


def table(rows: int = ROWS, first: int = 0) -> pa.Table:
    """A column of each type; row ``i`` is told by ``i`` alone."""
    index = range(first, first + rows)
    return pa.table(
        {
            "flag": pa.array([i % 2 == 0 for i in index], pa.bool_()),
            "small": pa.array([-i for i in index], pa.int8()),
            "byte": pa.array([250 + i for i in index], pa.uint8()),
            "wide": pa.array([2**32 - 1 - i for i in index], pa.uint32()),
            "huge": pa.array([2**64 - 1 - i for i in index], pa.uint64()),
            "long": pa.array([-(2**63) + i for i in index], pa.int64()),
            "half": pa.array([i / 2 for i in index], pa.float16()),
            "single": pa.array([i / 3 for i in index], pa.float32()),
            "double": pa.array([i / 3 for i in index], pa.float64()),
            "text": pa.array([f"Zeile {i} “ü”" for i in index], pa.string()),
            "blob": pa.array([bytes([i, 255]) for i in index], pa.binary()),
            "moment": pa.array([1_700_000_000_000_001 + i for i in index], pa.timestamp("us")),
            "day": pa.array([19_000 + i for i in index], pa.date32()),
            "tokens": pa.array([list(range(i)) for i in index], pa.list_(pa.int32())),
            "box": pa.array([[i, i + 1, i + 2, i + 3] for i in index], pa.list_(pa.float32(), 4)),
            "grid": pa.array([[[i, j] for j in range(i)] for i in index], pa.list_(pa.list_(pa.int16()))),
            "words": pa.array([["a"] * i for i in index], pa.list_(pa.string())),
            "point": pa.array([{"x": i, "name": f"p{i}"} for i in index]),
            "kind": pa.array(["ab"[i % 2] for i in index]).dictionary_encode(),
        }
    )


def stream(name: str, content: pa.Table, batch_rows: int | None = None) -> None:
    """An IPC stream."""
    with ipc.new_stream(here / name, content.schema) as writer:
        writer.write_table(content, max_chunksize=batch_rows)


def file(name: str, content: pa.Table, compression: str | None = None) -> None:
    """An IPC file of two batches."""
    options = ipc.IpcWriteOptions(compression=compression)
    with ipc.new_file(here / name, content.schema, options=options) as writer:
        writer.write_table(content, max_chunksize=3)


here.mkdir(exist_ok=True)
for codec in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
    columns = table() if codec == "snappy" else table().select(["long", "text", "tokens"])
    pq.write_table(columns, here / f"{codec}.parquet", compression=codec, row_group_size=3)
pq.write_table(table().select(["long", "text"]), here / "v2.parquet", data_page_version="2.0", version="2.6")
parts = here / "parts"
parts.mkdir(exist_ok=True)
for part in range(2):
    pq.write_table(table(2, 2 * part).select(["long", "text"]), parts / f"part-{part}.parquet")
nulls = pa.table({"x": pa.array([1, None, 3], pa.int64())})
pq.write_table(nulls, here / "nulls.parquet")
file("nulls.arrow", nulls)
file("file.arrow", table())
file("zstd.arrow", table().select(["long", "text", "tokens"]), "zstd")
stream("stream.arrows", table(), 3)
feather.write_feather(table().select(["long"]), here / "lz4.feather", compression="lz4")
money = pa.table({"price": pa.array([decimal.Decimal("1.50")], pa.decimal128(9, 2))})
pq.write_table(money, here / "decimal.parquet")
file("decimal.arrow", money)
