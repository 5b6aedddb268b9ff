"""Trainers and servers that may do less than usual: what is left works, what is missing is a typed error."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from helpers.datasets import write_images
from helpers.programs import run_program

REFUSE = Path(__file__).parents[3] / "io" / "test" / "helpers" / "refuse.py"

EPOCH = """
import os, resource, sys
import zero_copy_loader as zc
from zero_copy_loader import core
"""
TRY = """
def outcome(loader):
    try:
        return sum(len(batch["label"]) for batch in loader)
    except zc.ZcError as error:
        return error.code
print(outcome(zc.DataLoader(sys.argv[1], batch_size=10)))
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("limits") / "images")


def outcomes(before: str, images: Path, after: str = "") -> list[str]:
    """What a trainer says that runs ``before``, reads an epoch, and runs ``after``."""
    ended = run_program(EPOCH + before + TRY + after, images)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


@pytest.mark.parametrize("memlock", [0, 65536])
def test_without_locked_memory_all_is_read(images: Path, memlock: int) -> None:
    limit = f"resource.setrlimit(resource.RLIMIT_MEMLOCK, ({memlock}, {memlock}))"
    assert outcomes(limit, images) == ["100"]


@pytest.mark.parametrize("files", [6, 8, 16, 24, 32, 48])
def test_with_few_files_all_is_read_or_the_error_is_typed(images: Path, files: int) -> None:
    limit = f"resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))"
    (said,) = outcomes(limit, images)
    assert said in ("100", "ZC_TORCH_SERVER_START", "ZC_TORCH_SERVER_GONE", "ZC_IO_OPEN", "ZC_IO_MEMORY")


def test_a_trainer_that_may_open_no_file_says_so_and_goes_on_later(images: Path) -> None:
    before = """
first = zc.DataLoader(sys.argv[1], batch_size=10)
first.state_dict()
core.library()
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
try:
    while True:
        held.append(os.dup(1))
except OSError:
    pass
"""
    after = """
for each in held:
    os.close(each)
print(outcome(first))
"""
    assert outcomes(before, images, after) == ["ZC_IO_MEMORY", "100"]


def test_a_trainer_that_may_map_no_memory_says_so_and_goes_on_later(images: Path) -> None:
    before = """
first = zc.DataLoader(sys.argv[1], batch_size=10)
first.state_dict()
core.library()
soft, hard = resource.getrlimit(resource.RLIMIT_AS)
used = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (used + 2**16, hard))
"""
    after = """
resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
print(outcome(first))
"""
    assert outcomes(before, images, after) == ["ZC_IO_MEMORY", "100"]


def test_a_trainer_that_never_gives_back_is_told_and_its_other_loaders_go_on(images: Path) -> None:
    before = """
kept, hoarder = [], zc.DataLoader(sys.argv[1], batch_size=5, max_memory_bytes=8 * 16384)
try:
    kept.extend(hoarder)
except zc.ZcError as error:
    print(error.code)
"""
    after = """
print(hoarder.stats()["server"]["held_batches"] >= len(kept) > 0)
kept.clear()
print(outcome(hoarder))
"""
    assert outcomes(before, images, after) == ["ZC_MEMORY_BUDGET", "100", "True", "100"]


def test_a_server_that_may_have_too_little_memory_is_told_with_its_words(images: Path) -> None:
    """Node.js reserves gigabytes of addresses when it starts."""
    limit = "resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))"
    assert outcomes(limit, images) == ["ZC_TORCH_SERVER_START"]


def test_where_memfds_are_refused_the_error_says_so(images: Path) -> None:
    command: Sequence[str | Path] = [sys.executable, REFUSE, "memfd_create", str(errno.EPERM), sys.executable]
    ended = subprocess.run(
        [*command, "-c", EPOCH + TRY.replace("error.code", "str(error)"), images],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert ended.stdout.startswith("ZC_IO_MEMORY"), ended.stderr
    assert "seccomp" in ended.stdout
