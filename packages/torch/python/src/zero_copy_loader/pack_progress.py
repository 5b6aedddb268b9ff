"""How far a packing is: as a value, and as a line on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_LINE_INTERVAL_S: Final = 0.1
_CLEAR_LINE: Final = "\r\x1b[K"


@dataclass(frozen=True)
class PackProgress:
    """Samples and bytes packed so far; a total is None where nobody knows it."""

    samples: int
    samples_total: int | None
    bytes: int
    bytes_total: int | None = None

    @property
    def part(self) -> float | None:
        """From 0 to 1, by samples where their number is known, else by bytes."""
        if self.samples_total:
            return self.samples / self.samples_total
        return self.bytes / self.bytes_total if self.bytes_total else None


OnProgress = Callable[[PackProgress], object]
#: A function that is told, True for a line on standard error, False for nothing, None for a line where a
#: person watches.
ProgressOption = bool | OnProgress | None


def reporter(option: ProgressOption) -> OnProgress | None:
    """What is to be told of the progress, if anything."""
    if callable(option):
        return option
    watched = sys.stderr is not None and sys.stderr.isatty()
    return ProgressLine() if option or (option is None and watched) else None


class ProgressLine:
    """One line on standard error, written over: samples, speed, and the time that is left."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = 0.0

    def __call__(self, progress: PackProgress) -> None:
        now = time.monotonic()
        done = progress.part == 1
        if now - self._shown < _LINE_INTERVAL_S and not done:
            return
        self._shown = now
        text = progress_text(progress, now - self._began)
        sys.stderr.write(_CLEAR_LINE if done else _CLEAR_LINE + text)
        sys.stderr.flush()


def progress_text(progress: PackProgress, seconds: float) -> str:
    """For example ``1,200 of 3,000 samples, 512 MB/s, 4 s left``."""
    of = "" if progress.samples_total is None else f" of {progress.samples_total:,}"
    words = [f"{progress.samples:,}{of} samples"]
    if seconds > 0:
        words.append(f"{progress.bytes / seconds / 1e6:,.0f} MB/s")
    part = progress.part
    if part:
        words.append(f"{seconds / part * (1 - part):,.0f} s left")
    return ", ".join(words)
