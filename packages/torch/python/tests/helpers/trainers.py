"""Trainers in processes of their own, to be interrupted and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

#: What every script finds there.
PRELUDE = """
import gc, os, signal, sys, time
import numpy as np
import zero_copy_loader as zc
from zero_copy_loader import client
# Ignored where the tests themselves run in the background of a script.
signal.signal(signal.SIGINT, signal.default_int_handler)
path = sys.argv[1]

def say(*words):
    # In one write, for several may share a pipe.
    sys.stdout.write(" ".join(map(str, words)) + "\\n")
    sys.stdout.flush()

def server_pid():
    return client.shared_client().server_pid
"""


class Trainer:
    """A Python process that runs a script; `hear` gives its lines one by one."""

    def __init__(self, script: str, *arguments: str | Path) -> None:
        source = PRELUDE + textwrap.dedent(script)
        self.process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "ignore", "-c", source, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def hear(self) -> str:
        """The next line of its standard output; its errors, as an AssertionError, where it has ended."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the trainer ended: {self.process.stderr.read()}")
        return line.strip()

    def interrupt(self) -> None:
        """What Ctrl-C in its terminal does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> tuple[int, str, str]:
        """Waits for its end: exit status, what it said last, and its errors."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@contextmanager
def trainer(script: str, *arguments: str | Path) -> Iterator[Trainer]:
    running = Trainer(script, *arguments)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.communicate()


def is_running(pid: int) -> bool:
    """Whether there is such a process, zombies not counted."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def eventually(condition: Callable[[], bool], within_s: float = 10.0) -> bool:
    """Whether the condition holds at some time; asks again and again."""
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def shared_memory() -> set[str]:
    """What lies in /dev/shm."""
    return set(os.listdir("/dev/shm"))
