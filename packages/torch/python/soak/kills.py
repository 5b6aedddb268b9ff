"""Trainers and servers that are killed at any moment: the other side goes, or has a typed error."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE.parent / "tests")]

from helpers.datasets import write_images  # noqa: E402
from helpers.trainers import eventually, is_running, shared_memory, trainer  # noqa: E402

KILLS = 200

ENDLESS = """
loader = zc.DataLoader(path, batch_size=4, shuffle=True)
held = []
say(server_pid())
try:
    while True:
        for batch in loader:
            held = [*held[-3:], batch]
except zc.ZcError as error:
    say(error.code)
"""


def kill_trainer(path: Path) -> None:
    with trainer(ENDLESS, path) as running:
        server = int(running.hear())
        time.sleep(random.random() * 0.2)
        running.kill()
        killed = time.monotonic()
        if not eventually(lambda: not is_running(server), 10):
            raise SystemExit(f"the server {server} outlived its trainer")
        if time.monotonic() - killed > 5:
            raise SystemExit("the server took more than 5 s to go")


def kill_server(path: Path) -> None:
    with trainer(ENDLESS, path) as running:
        server = int(running.hear())
        time.sleep(random.random() * 0.2)
        os.kill(server, signal.SIGKILL)
        code = running.hear()
        status, _, errors = running.end()
        if (code, status, errors) not in (("ZC_TORCH_SERVER_GONE", 0, ""), ("ZC_TORCH_SERVER_START", 0, "")):
            raise SystemExit(f"the trainer ended with {code}, {status}: {errors}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    kills = max(4, round(KILLS * parser.parse_args().scale))
    done: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="zc-soak-") as folder:
        path = write_images(Path(folder) / "images", samples=400)
        before = shared_memory()
        for turn in range(kills):
            (kill_trainer if turn % 2 == 0 else kill_server)(path)
            done["trainers" if turn % 2 == 0 else "servers"] += 1
        left = {name for name in shared_memory() - before if "zc" in name}
    if left:
        raise SystemExit(f"left in /dev/shm: {left}")
    killed = " and ".join(f"{count} {side}" for side, count in done.items())
    print(f"{killed} killed: no process was left behind, every error was typed")


main()
