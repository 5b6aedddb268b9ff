"""One frame of a connection is another one: both sides end or go on, with typed errors alone.

Seeded, in both directions. A case is one client, one server and one changed frame between them.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE.parent / "tests")]

from helpers import middleman  # noqa: E402
from helpers.datasets import write_ragged  # noqa: E402
from zero_copy_loader.server_process import find_node  # noqa: E402

CASES = 640
#: Greeting, opening, iterations of two loaders, ids of a sampler and batches lie below, on both sides.
FRAMES = 32

#: A client that has not ended by then is stuck, however busy the machine is.
_STUCK_S = 120
#: What a trainer does in one case; it says how that ended, in one line.
CLIENT = """
import sys, threading
import zero_copy_loader as zc
from zero_copy_loader import client
from {module} import DataLoader

def work():
    with DataLoader(sys.argv[1], batch_size=6, shuffle=True) as loader:
        for _ in range(2):
            for batch in loader:
                for row in batch["audio"]:
                    row.sum()
                batch["label"].sum(), batch["caption"].tolist(), batch["meta"].tolist()
        loader.prefetch_next(2)
        loader.wait_prefetch()
        loader.stats()
    with DataLoader(sys.argv[1], batch_size=6, sampler=[*range(40)] * 2) as loader:
        sum(int(batch["label"].sum()) for batch in loader)
    client.close_shared_client()

try:
    work()
    print("done")
except zc.ZcError as error:
    print(error.code)
"""


def run_case(seed: int, dataset: Path, folder: Path) -> str:
    """How a client ended whose connection was tampered with. Ends the run where it was not a typed error."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    task = {
        "seed": seed,
        "node": find_node(),
        "from": ("client", "server")[seed % 2],
        "frame": 1 + seed // 2 % FRAMES,
        "report": str(report),
    }
    program = CLIENT.format(module="zero_copy_loader")
    environment = {**os.environ, "ZC_MIDDLEMAN": json.dumps(task), "ZC_NODE": str(folder / "middleman")}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    client = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", program, str(dataset)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        out, errors = client.communicate(timeout=_STUCK_S)
    except subprocess.TimeoutExpired:
        client.send_signal(signal.SIGABRT)
        out, errors = client.communicate()
    said = report.read_text() if report.exists() else "{}"
    ended = out.strip()
    if client.returncode != 0 or not (ended == "done" or ended.startswith("ZC_")):
        raise SystemExit(f"seed {seed}: the client ended with {client.returncode} {ended}: {errors}\n{said}")
    server = json.loads(said or "{}")
    if server and (server["status"] != 0 or server["errors"]):
        raise SystemExit(f"seed {seed}: the server ended badly after {ended}: {said}")
    return f"{task['from']}: {ended}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cases = max(8, round(CASES * arguments.scale))
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="zc-soak-") as name:
        folder = Path(name)
        # Without the site's packages it starts in a few milliseconds.
        program = folder / "middleman"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {middleman.__file__} "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        dataset = write_ragged(folder / "ragged")
        for seed in range(arguments.seed, arguments.seed + cases):
            ends[run_case(seed, dataset, folder)] += 1
    how = ", ".join(f"{end} {count}" for end, count in sorted(ends.items()))
    print(f"{cases} changed frames, seed {arguments.seed}: {how}")


if __name__ == "__main__":
    main()
