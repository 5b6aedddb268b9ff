"""200,000 batches over the bridge: the right samples, and flat memory and descriptors on both sides."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE.parent / "tests")]

import zero_copy_loader as zc  # noqa: E402
from helpers.datasets import write_images  # noqa: E402

BATCHES = 200_000
SAMPLES = 2000
BATCH_SIZE = 4
#: What collectors may be behind with.
SLACK_KIB = 64 * 1024
SLACK_DESCRIPTORS = 4


def measure(pid: int) -> tuple[int, int]:
    """Resident KiB and descriptors of a process."""
    gc.collect()
    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]), len(os.listdir(f"/proc/{pid}/fd"))


def run(path: Path, batches: int) -> str:
    loader = zc.DataLoader(path, batch_size=BATCH_SIZE, shuffle=True, seed=3)
    seen = np.zeros(SAMPLES, np.int64)
    done = epochs = 0
    before: list[tuple[int, int]] | None = None
    while done < batches:
        for batch in loader:
            seen[batch["label"]] += 1
            batch["image"] += 1
            done += 1
        epochs += 1
        if (seen != epochs).any():
            raise SystemExit(f"after epoch {epochs} samples were seen {np.unique(seen)} times")
        if before is None and done >= batches / 5:
            before = [measure(pid) for pid in (os.getpid(), loader.stats()["server_pid"])]
    time.sleep(0.2)
    after = [measure(pid) for pid in (os.getpid(), loader.stats()["server_pid"])]
    for side, was, now in zip(("the trainer", "the server"), before or after, after, strict=True):
        if now[0] > was[0] + SLACK_KIB or now[1] > was[1] + SLACK_DESCRIPTORS:
            raise SystemExit(f"{side} grew from {was} to {now} (KiB, descriptors)")
    figures = f"{before} at first, {after} at last (KiB, descriptors)"
    return f"{done} batches in {epochs} epochs; trainer and server {figures}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    batches = max(1000, round(BATCHES * parser.parse_args().scale))
    with tempfile.TemporaryDirectory(prefix="zc-soak-") as folder:
        print(run(write_images(Path(folder) / "images", samples=SAMPLES), batches))


main()
