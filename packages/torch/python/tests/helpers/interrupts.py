"""Interrupts at any moment, as often as wanted, and only where a test is ready for one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable


class Interrupts:
    """Runs steps again and again while signals make them raise KeyboardInterrupt."""

    def __init__(self, interval_s: float) -> None:
        self.sent = 0
        self.raised = 0
        self._interval_s = interval_s
        self._armed = False

    def disturb(self, step: Callable[[], bool]) -> None:
        """Calls ``step`` until it returns False; it is interrupted at random."""
        before = signal.signal(signal.SIGUSR1, self._interrupt)
        over = threading.Event()
        thread = threading.Thread(target=self._send, args=(over,))
        thread.start()
        try:
            going = True
            while going:
                try:
                    self._armed = True
                    going = step()
                    self._armed = False
                except KeyboardInterrupt:
                    self.raised += 1
        finally:
            over.set()
            thread.join()
            signal.signal(signal.SIGUSR1, before)

    def _interrupt(self, *_: object) -> None:
        if self._armed:
            self._armed = False
            self.sent += 1
            raise KeyboardInterrupt

    def _send(self, over: threading.Event) -> None:
        while not over.wait(self._interval_s):
            os.kill(os.getpid(), signal.SIGUSR1)
