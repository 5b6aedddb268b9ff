"""The process of a Python contender: takes commands from standard input, answers on descriptor 3.

A module under ``rivals/python/`` defines ``open(settings)``, ``epoch()`` (an iterator of
``(samples, bytes, sum)``, the sum wrapping over the 64-bit words of rows and labels) and ``close()``. It may
define ``prepare(settings)``, which makes its own copy of the set, once, before any round, and gives the paths
of what it will read, for cold rounds drop it; and ``figures()``, which gives what it noted in a round beyond
bytes and time, by names that end in their units, and forgets it.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

RIVALS = Path(__file__).resolve().parent.parent / "rivals"
MASK = (1 << 64) - 1


def load(name: str) -> ModuleType:
    """Loads a contender from its file, with its folder importable for what it shares with others."""
    path = RIVALS / f"{name}.py"
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location("contender", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def quantile(values: list[float], q: float) -> float:
    """The value at rank ``q`` of a sorted list."""
    return values[min(len(values) - 1, int(q * len(values)))] if values else 0.0


def spend(milliseconds: float) -> float:
    """Keeps the thread busy, as a training step does; gives the time when it is over."""
    end = time.perf_counter() + milliseconds / 1000
    while (now := time.perf_counter()) < end:
        pass
    return now


def run_round(
    contender: ModuleType, settings: dict[str, Any], min_seconds: float, min_epochs: int, reopen: bool
) -> dict[str, Any]:
    """Whole epochs, ``min_epochs`` of them or more, until ``min_seconds`` have passed."""
    step_ms = settings.get("stepMs", 0)
    gaps: list[float] = []
    samples = byte_count = epochs = total = 0
    first_batch_ms = 0.0
    started = previous = time.perf_counter()
    if reopen:
        contender.open(settings)
    while True:
        for batch_samples, batch_bytes, batch_sum in contender.epoch():
            now = time.perf_counter()
            if samples == 0:
                first_batch_ms = (now - started) * 1000
            else:
                gaps.append((now - previous) * 1000)
            previous = now
            samples += batch_samples
            byte_count += batch_bytes
            total += batch_sum
            if step_ms:
                previous = spend(step_ms)
        epochs += 1
        if epochs >= min_epochs and time.perf_counter() - started >= min_seconds:
            break
    seconds = time.perf_counter() - started
    gaps.sort()
    return {
        "seconds": seconds,
        "samples": samples,
        "bytes": byte_count,
        "epochs": epochs,
        "sum": str(total & MASK),
        "sum_of_part": None,
        "first_batch_ms": first_batch_ms,
        "gap_ms": {"p50": quantile(gaps, 0.5), "p99": quantile(gaps, 0.99), "max": gaps[-1] if gaps else 0.0},
        **({"figures": contender.figures()} if hasattr(contender, "figures") else {}),
    }


def main() -> None:
    """Serves commands until standard input ends."""
    contender: ModuleType | None = None
    settings: dict[str, Any] = {}
    is_open = False
    with os.fdopen(3, "w") as replies:
        for line in sys.stdin:
            command = json.loads(line)
            reply: dict[str, Any] = {}
            try:
                if command["op"] == "start":
                    settings = command["settings"]
                    contender = load(command["module"])
                    if hasattr(contender, "prepare"):
                        reply = {"files": contender.prepare(settings)}
                elif contender is not None and command["op"] == "round":
                    if not command["reopen"] and not is_open:
                        contender.open(settings)
                    is_open = True
                    reply = run_round(
                        contender,
                        settings,
                        min_seconds=command["minSeconds"],
                        min_epochs=command["minEpochs"],
                        reopen=command["reopen"],
                    )
                elif contender is not None and command["op"] == "release" and is_open:
                    contender.close()
                    # Cycles may still map files, whose pages could not be dropped then.
                    gc.collect()
                    is_open = False
            except Exception:
                reply = {"error": traceback.format_exc()}
            print(json.dumps(reply), file=replies, flush=True)
        if contender is not None and is_open:
            contender.close()


if __name__ == "__main__":
    main()
