"""The golden shard with zstd fields: they are refused by name, and the others are read."""

from __future__ import annotations

from pathlib import Path

import pytest

import zero_copy_loader as zc

SHARD = Path(__file__).parents[3] / "format" / "test" / "golden" / "zstd" / "zstd.zcs"

pytestmark = pytest.mark.skipif(not SHARD.is_file(), reason="the golden shards are only in a checkout")


def test_fields_without_codec_are_read() -> None:
    dataset = zc.Dataset([str(SHARD)])
    assert [int(dataset.get_sample(i)["label"]) for i in range(len(dataset))] == [-2, -1, 0, 1]


def test_compressed_fields_are_refused_by_name() -> None:
    sample = zc.Dataset([str(SHARD)]).get_sample(0)
    with pytest.raises(zc.ZcError, match="caption") as failure:
        sample["caption"]
    assert failure.value.code == "ZC_FORMAT_CODEC"
