from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zero_copy_loader import ZcError
from zero_copy_loader.core import MappedFile, crc32c


def test_crc32c_is_castagnoli() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"6789", crc32c(b"12345")) == 0xE3069283


def test_views_keep_the_map_alive(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 64)
    view = MappedFile(str(path)).bytes[256:512]
    gc.collect()
    assert str(path) in Path("/proc/self/maps").read_text()
    assert view.tobytes() == bytes(range(256))
    del view
    gc.collect()
    assert str(path) not in Path("/proc/self/maps").read_text()


def test_views_are_read_only(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcd")
    mapped = MappedFile(str(path))
    with pytest.raises(ValueError, match="read-only"):
        mapped.bytes[0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        mapped.bytes.setflags(write=True)


def test_gather_copies_rows_and_refuses_ranges_outside(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(100)))
    mapped = MappedFile(str(path))
    rows = np.zeros((3, 4), np.uint8)
    mapped.gather(np.array([96, 0, 50], np.uint64), 4, rows)
    assert rows.tolist() == [[96, 97, 98, 99], [0, 1, 2, 3], [50, 51, 52, 53]]
    with pytest.raises(ZcError) as caught:
        mapped.gather(np.array([0, 97], np.uint64), 4, rows)
    assert caught.value.code == "ZC_ARGUMENT"


def test_residency_and_populating(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(1 << 20))
    mapped = MappedFile(str(path))
    mapped.populate(0, 1 << 20)
    assert mapped.resident_bytes(0, 1 << 20) == 1 << 20


def test_a_missing_file_is_a_typed_error() -> None:
    with pytest.raises(ZcError) as caught:
        MappedFile("/no/such/file")
    assert caught.value.code == "ZC_IO_OPEN"
    assert caught.value.details["errno"] == 2


@pytest.mark.parametrize("library", ["/no/such/library.so", __file__])
def test_a_library_that_does_not_load_says_what_to_do(library: str) -> None:
    program = "import zero_copy_loader.core as core; core.crc32c(b'')"
    environment = {**os.environ, "ZC_CORE_LIBRARY": library, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    assert f"ZC_TORCH_CORE_MISSING {library}" in ended.stderr
    assert "ZC_CORE_LIBRARY" in ended.stderr
