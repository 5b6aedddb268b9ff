"""Shards that are wrong in one way each end with the code that TypeScript's reader gives too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zero_copy_loader import Dataset, ZcError

BAD = Path(__file__).parents[3] / "format" / "test" / "golden" / "bad"
LISTED: list[dict[str, str | None]] = json.loads((BAD / "bad.json").read_text()) if BAD.is_dir() else []

pytestmark = pytest.mark.skipif(not LISTED, reason="the bad shards are only in a checkout")


@pytest.mark.parametrize(("file", "code"), [(each["file"], each["code"]) for each in LISTED])
def test_ends_with_the_code_of_the_table(file: str, code: str | None) -> None:
    assert _read_all(BAD / file) == code


def _read_all(path: Path) -> str | None:
    try:
        dataset = Dataset(path)
        for index in range(len(dataset)):
            dict(dataset.get_sample(index))
    except ZcError as error:
        return error.code
    return None


def test_a_file_too_short_for_a_shard_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no shard")
    with pytest.raises(ZcError, match="It is no shard, or") as raised:
        Dataset(path)
    assert raised.value.code == "ZC_FORMAT_TRUNCATED"
