"""Trainers, servers and launchers killed at any moment: the other side goes, or has a typed error."""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE.parent / "tests")]

from helpers.datasets import write_images  # noqa: E402
from helpers.trainers import PRELUDE, eventually, is_running, shared_memory, trainer  # noqa: E402

KILLS = 200
#: Of ten kills; there are fewer launchers, which take long to start.
TURNS = ("trainer", "server", "start", "server", "launcher", "trainer", "server", "start", "server", "ranks")
#: How long the other side may take. A busy machine may miss it; ten times of it is a fault.
GONE_WITHIN_S = 1.0
#: The processes of this run, whoever their parents are now.
MARK = "ZC_SOAK_RUN"
RANKS = 2

#: A trainer that goes on for ever; where its server is killed it says what it has, and what it still holds.
ENDLESS = """
def holdings():
    gc.collect()
    maps = sum("memfd:" in line for line in open("/proc/self/maps"))
    return len(os.listdir("/proc/self/fd")), maps

before = holdings()
loader = zc.DataLoader(path, batch_size=4, shuffle=True)
batch, held = None, []
say(server_pid())
try:
    while True:
        for batch in loader:
            held = [*held[-3:], batch]
except zc.ZcError as error:
    say(error.code)
del loader, batch, held
client.close_shared_client()
after = holdings()
say(after == before or (before, after))
"""


class Kills:
    """What was killed, and how long the other side took, in milliseconds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.took_ms: dict[str, list[float]] = {}

    def run(self, turn: str) -> None:
        """One kill, after which nothing of this run is left."""
        os.environ[MARK] = uuid.uuid4().hex
        {
            "trainer": self._kill_trainer,
            "start": self._kill_start,
            "server": self._kill_server,
            "launcher": self._kill_launcher,
            "ranks": self._kill_ranks,
        }[turn]()
        if not eventually(lambda: not processes_of_this_run(), 10):
            raise SystemExit(f"after the kill of a {turn} these are left: {processes_of_this_run()}")

    def _kill_trainer(self) -> None:
        with trainer(ENDLESS, self.path) as running:
            server = int(running.hear())
            time.sleep(random.random() * 0.2)
            running.kill()
            self._await("trainer", lambda: not is_running(server))

    def _kill_start(self) -> None:
        """A trainer that is killed before it has a server, or while that one starts."""
        with trainer(ENDLESS, self.path) as running:
            time.sleep(random.random() * 0.5)
            running.kill()
            self._await("start", lambda: len(processes_of_this_run()) == 0)

    def _kill_server(self) -> None:
        with trainer(ENDLESS, self.path) as running:
            server = int(running.hear())
            time.sleep(random.random() * 0.2)
            os.kill(server, signal.SIGKILL)
            killed = time.monotonic()
            code = running.hear()
            self._took("server", killed)
            left = running.hear()
            status, _, errors = running.end()
        if code not in ("ZC_TORCH_SERVER_GONE", "ZC_TORCH_SERVER_START") or (status, errors) != (0, ""):
            raise SystemExit(f"the trainer ended with {code}, {status}: {errors}")
        if left != "True":
            raise SystemExit(f"descriptors and maps of the trainer, before and after: {left}")

    def _kill_launcher(self) -> None:
        """Its ranks have sessions of their own and live on as orphans; their servers go when they do."""
        with Launcher(self.path) as launcher:
            servers = launcher.servers()
            time.sleep(random.random() * 0.2)
            launcher.process.kill()
            launcher.process.wait()
            if not all(map(is_running, servers)):
                raise SystemExit("a server left its trainer when the launcher was killed")
            for rank in launcher.ranks():
                os.kill(rank, signal.SIGKILL)
            self._await("launcher", lambda: not any(map(is_running, servers)))

    def _kill_ranks(self) -> None:
        """One rank is killed, upon which the launcher ends the others."""
        with Launcher(self.path) as launcher:
            servers = launcher.servers()
            time.sleep(random.random() * 0.2)
            ranks = launcher.ranks()
            os.kill(random.choice(ranks), signal.SIGKILL)
            eventually(lambda: not any(map(is_running, ranks)), 60)
            self._await("ranks", lambda: not any(map(is_running, servers)))
            launcher.process.wait(60)

    def _await(self, side: str, gone: Callable[[], bool]) -> None:
        killed = time.monotonic()
        if not eventually(gone, 10 * GONE_WITHIN_S):
            raise SystemExit(f"servers outlived the kill of a {side} by {10 * GONE_WITHIN_S:.0f} s")
        self._took(side, killed)

    def _took(self, side: str, killed: float) -> None:
        self.took_ms.setdefault(side, []).append((time.monotonic() - killed) * 1000)

    def summary(self) -> str:
        words = []
        for side, took in self.took_ms.items():
            took.sort()
            late = sum(each > GONE_WITHIN_S * 1000 for each in took)
            words.append(
                f"{len(took)} x {side}: median {took[len(took) // 2]:.0f} ms, "
                f"95 % {took[int(len(took) * 0.95)]:.0f}, most {took[-1]:.0f}, {late} over a second"
            )
        return "; ".join(words)


class Launcher:
    """torchrun with a few ranks, each a trainer that goes on for ever; they need no torch themselves."""

    def __init__(self, path: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="zc-soak-ranks-")
        script = Path(self._folder.name) / "rank.py"
        script.write_text(PRELUDE + ENDLESS)
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
                *(f"--nproc-per-node={RANKS}", str(script), str(path)),
            ],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def servers(self) -> list[int]:
        """The ranks' servers, once all have one."""
        assert self.process.stdout is not None
        return [int(self.process.stdout.readline()) for _ in range(RANKS)]

    def ranks(self) -> list[int]:
        """The processes that torchrun has told their rank, servers not counted."""
        found = []
        for pid in processes_of_this_run():
            words = environment_of(pid)
            if b"LOCAL_RANK" in words and b"server.js" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        return found

    def __enter__(self) -> Launcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pid in processes_of_this_run():
            os.kill(pid, signal.SIGKILL)
        self._folder.cleanup()


def environment_of(pid: int) -> dict[bytes, bytes]:
    """What a process was started with; nothing of one that has ended, or is another user's."""
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    return dict(word.split(b"=", 1) for word in words.split(b"\0") if b"=" in word)


def processes_of_this_run() -> list[int]:
    """With them end their sockets, memfds and every other descriptor: nothing of them has a name."""
    mark = os.environ[MARK].encode()
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    return [
        pid
        for pid in pids
        if pid != os.getpid() and environment_of(pid).get(MARK.encode()) == mark and is_running(pid)
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    kills = max(4, round(KILLS * parser.parse_args().scale))
    turns = [TURNS[turn % len(TURNS)] for turn in range(kills)]
    if importlib.util.find_spec("torch") is None:
        print("no torch, so no torchrun: its kills are those of trainers and servers")
        turns = [
            TURNS[turn % 2] if each in ("launcher", "ranks") else each for turn, each in enumerate(turns)
        ]
    elif "launcher" not in turns:
        turns[-1] = "launcher"
    temporary = set(os.listdir(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix="zc-soak-") as folder:
        done = Kills(write_images(Path(folder) / "images", samples=400))
        before = shared_memory()
        for turn in turns:
            done.run(turn)
        left = {name for name in shared_memory() - before if "zc" in name}
    left |= {name for name in set(os.listdir(tempfile.gettempdir())) - temporary if "zero_copy" in name}
    if left:
        raise SystemExit(f"left behind: {left}")
    print(f"{kills} kills, nothing left behind, every error typed; the other side: {done.summary()}")


if __name__ == "__main__":
    main()
