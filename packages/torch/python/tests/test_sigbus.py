"""The guard of mapped shards beside others who handle SIGBUS."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest

from helpers.programs import run_program
from zero_copy_loader import ShardWriter, tensor

PREAMBLE = """
import faulthandler, os, signal, sys, time
import numpy as np
from zero_copy_loader import Dataset, ZcError
path, other = sys.argv[1:]

def code(use):
    try:
        use()
        return "no error"
    except ZcError as error:
        return error.code
"""


@pytest.fixture
def shards(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "a.zcs", tmp_path / "b.zcs"
    for path in paths:
        with ShardWriter(path, {"x": tensor("uint8", [8192])}) as writer:
            for index in range(64):
                writer.append({"x": np.full(8192, index + 1, np.uint8)})
    return paths


def test_faulthandler_enabled_after_a_shard_was_mapped_leaves_the_guard(shards: tuple[Path, Path]) -> None:
    program = """
dataset = Dataset(path)
dataset[0]
faulthandler.enable()
time.sleep(0.05)
held = dataset.get_sample(40)
view = held["x"]
os.truncate(path, 65536)
print(int(view.sum()), code(lambda: dataset[41]), code(lambda: dataset.get_sample(0)))
faulthandler.disable()
faulthandler.enable()
second = Dataset(other)
second[0]
os.truncate(other, 65536)
print(code(lambda: second[50]), code(lambda: second[[1, 50]]))
"""
    ended = run_program(PREAMBLE + program, *shards)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split("\n") == [
        "0 ZC_IO_POISONED ZC_IO_POISONED",
        "ZC_IO_POISONED ZC_IO_POISONED",
        "",
    ]
    assert ended.stderr == ""


@pytest.mark.parametrize("enabled", ["before", "after"])
def test_faulthandler_tells_of_faults_that_are_not_ours(shards: tuple[Path, Path], enabled: str) -> None:
    before, after = ("faulthandler.enable()", "") if enabled == "before" else ("", "faulthandler.enable()")
    program = f"""
{before}
Dataset(path)[0]
{after}
dataset = Dataset(other)
dataset[0]
foreign = np.memmap(path, np.uint8, "r")
os.truncate(path, 0)
foreign[0]
"""
    ended = run_program(PREAMBLE + program, *shards)
    assert ended.returncode == -signal.SIGBUS
    assert ended.stderr.count("Fatal Python error: Bus error") == 1
    assert "in <module>" in ended.stderr


def test_a_handler_of_the_program_is_called_for_signals_that_are_sent(shards: tuple[Path, Path]) -> None:
    program = """
seen = []
Dataset(path)[0]
signal.signal(signal.SIGBUS, lambda number, frame: seen.append(number))
dataset = Dataset(other)
dataset[0]
for _ in range(3):
    os.kill(os.getpid(), signal.SIGBUS)
    while not seen:
        pass
    seen.clear()
os.truncate(other, 65536)
print(code(lambda: dataset[50]))
"""
    ended = run_program(PREAMBLE + program, *shards)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "ZC_IO_POISONED\n"


def test_a_forked_child_keeps_the_guard(shards: tuple[Path, Path]) -> None:
    program = """
dataset = Dataset(path)
dataset[0]
child = os.fork()
if child == 0:
    os.truncate(path, 65536)
    own = Dataset(other)
    own[0]
    os.truncate(other, 65536)
    codes = [code(lambda: dataset[50]), code(lambda: own[50])]
    os._exit(0 if codes == ["ZC_IO_POISONED"] * 2 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), code(lambda: dataset[50]))
"""
    ended = run_program(PREAMBLE + program, *shards)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "0 ZC_IO_POISONED\n"
