"""What another user of the host can do to a trainer and its server: nothing."""

from __future__ import annotations

import ctypes
import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from helpers.datasets import write_images
from helpers.trainers import trainer

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")

NOBODY = 65534
_PIDFD_GETFD = 438
_libc = ctypes.CDLL(None, use_errno=True)

HOLDER = """
loader = zc.DataLoader(path, batch_size=4)
batch = next(iter(loader))
say(server_pid(), batch["image"].ctypes.data)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("users") / "images")


def as_nobody(work: Callable[[], Any]) -> Any:
    """What ``work`` gives in a process of another user, which has none of this one's descriptors."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            os.write(writing, json.dumps(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return json.loads(said)


def outcome(attempt: Callable[[], Any]) -> str:
    """The name of the error that the system answers with, or what was got."""
    try:
        return f"got {attempt()!r:.80}"
    except OSError as error:
        return type(error).__name__


def checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def take_descriptor(pidfd: int, number: int) -> int:
    return checked(_libc.syscall(_PIDFD_GETFD, pidfd, number, 0))


def attempts_on(pid: int, address: int, descriptors: list[int]) -> dict[str, str]:
    """All ways from one process into another that Linux has, tried."""
    target = Path(f"/proc/{pid}")
    pidfd = os.pidfd_open(pid)
    bytes_read = ctypes.create_string_buffer(16)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(bytes_read), 16)
    remote = (ctypes.c_void_p * 2)(address, 16)
    tried: dict[str, Callable[[], Any]] = {
        "list its descriptors": lambda: os.listdir(target / "fd"),
        "list its maps": lambda: os.listdir(target / "map_files"),
        "read its maps": lambda: (target / "maps").read_text(),
        "open its memory": lambda: os.open(target / "mem", os.O_RDWR),
        "read its memory": lambda: checked(_libc.process_vm_readv(pid, vector, 1, remote, 1, 0)),
        "write its memory": lambda: checked(_libc.process_vm_writev(pid, vector, 1, remote, 1, 0)),
        "read its environment": lambda: (target / "environ").read_bytes(),
        "trace it": lambda: checked(_libc.ptrace(16, pid, 0, 0)),
        "end it": lambda: os.kill(pid, signal.SIGKILL),
    }
    for number in descriptors:
        tried[f"open descriptor {number}"] = partial(os.open, target / f"fd/{number}", os.O_RDWR)
        tried[f"take descriptor {number}"] = partial(take_descriptor, pidfd, number)
    return {name: outcome(attempt) for name, attempt in tried.items()}


def shared_descriptors(pid: int) -> list[int]:
    """Those that trainer and server share: memfds, sockets and eventfds."""
    folder = Path(f"/proc/{pid}/fd")
    found = {int(name): os.readlink(folder / name) for name in os.listdir(folder)}
    shared = ("/memfd:", "socket:", "anon_inode:[eventfd]")
    return [number for number, target in found.items() if target.startswith(shared)]


def test_another_user_reads_writes_and_ends_nothing(images: Path) -> None:
    with trainer(HOLDER, images) as running:
        server, address = map(int, running.hear().split())
        for pid in (running.process.pid, server):
            descriptors = shared_descriptors(pid)
            assert len(descriptors) >= 3
            refused = as_nobody(partial(attempts_on, pid, address, descriptors))
            assert set(refused.values()) == {"PermissionError"}, refused
            assert len(refused) == 9 + 2 * len(descriptors)


def test_there_is_no_name_by_which_to_connect(images: Path) -> None:
    """No path and no abstract name: a socket's name is the last column."""
    with trainer(HOLDER, images) as running:
        server, _ = map(int, running.hear().split())
        ours = set()
        for pid in (running.process.pid, server):
            for name in os.listdir(f"/proc/{pid}/fd"):
                target = os.readlink(f"/proc/{pid}/fd/{name}")
                if target.startswith("socket:"):
                    ours.add(target.removeprefix("socket:[").removesuffix("]"))
        lines = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
        names = {fields[6]: fields[7:] for fields in lines if fields[6] in ours}
        assert len(names) >= 4
        assert all(name == [] for name in names.values()), names
