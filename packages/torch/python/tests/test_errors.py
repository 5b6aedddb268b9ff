from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

import zero_copy_loader
from zero_copy_loader.errors import ADVICE, CODES, ZcError

PACKAGE = Path(zero_copy_loader.__file__).parent
TABLE = Path(__file__).parents[3] / "errors" / "src" / "codes.ts"


def test_message_says_code_place_what_and_next_step() -> None:
    error = ZcError(
        "ZC_FORMAT_CHECKSUM", "row 17 is damaged", path="a.zcs", offset=4096, expected=1, actual=2
    )
    assert str(error) == (
        "ZC_FORMAT_CHECKSUM a.zcs @ 4096: row 17 is damaged.\n"
        "The file changed after it was written. `zc verify` lists every damaged row."
    )


def test_survives_pickling() -> None:
    error = ZcError(
        "ZC_IO_OPEN", "gone", path="x", offset=3, expected=[1], actual=None, advice="Look.", errno=2
    )
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.code, again.details) == (str(error), "ZC_IO_OPEN", {"errno": 2})
    assert (again.path, again.offset, again.expected, again.advice) == ("x", 3, [1], "Look.")


def test_every_code_has_advice() -> None:
    assert ADVICE.keys() == CODES
    assert all(ADVICE.values())


@pytest.mark.skipif(not TABLE.is_file(), reason="the table of codes is only in a checkout")
def test_codes_are_those_of_the_table() -> None:
    known = set(re.findall(r"^ {2}(ZC_[A-Z_]+):", TABLE.read_text(), re.MULTILINE))
    assert len(known) > 20, "the table was not read"
    assert known >= CODES


def test_every_code_in_the_source_is_listed() -> None:
    sources = [path.read_text() for path in PACKAGE.rglob("*.py")]
    used = {code for text in sources for code in re.findall(r'"(ZC_(?:FORMAT|IO|TORCH)_[A-Z_]+)"', text)}
    assert len(used) > 20, "the sources were not read"
    assert used <= CODES


def test_advice_promises_no_more_than_is_so() -> None:
    # A state goes on with another batch size, and a loader with another server.
    assert "batch size and ranks may differ" in ADVICE["ZC_STATE_MISMATCH"]
    assert "Iterate over the loader again" in ADVICE["ZC_TORCH_SERVER_GONE"]
