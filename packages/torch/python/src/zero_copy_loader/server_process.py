"""The server's process: starting it, and hearing its last words."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from .errors import ZcError
from .node_programs import find_bundle, find_node

_LAST_LINES: Final = 20
_END_TIMEOUT_S: Final = 5.0


class ServerProcess:
    """A running server, in a session of its own: Ctrl-C in the terminal does not reach it."""

    def __init__(self, arguments: Sequence[str], descriptors: Sequence[int]) -> None:
        """Starts it with ``descriptors`` inherited under their numbers.

        Raises ZC_TORCH_NODE_MISSING and ZC_TORCH_SERVER_START.
        """
        command = [find_node(), find_bundle(), *arguments]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=descriptors,
                start_new_session=True,
            )
        except OSError as error:
            raise ZcError(
                "ZC_TORCH_SERVER_START", f"the server does not start: {error}", path=command[0]
            ) from error
        self.pid = self._process.pid
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        # Drained by a thread, for a full pipe would stop the server in the middle of a sentence.
        self._echo = threading.Thread(target=self._echo_lines, name="zero-copy-loader-server", daemon=True)
        self._echo.start()

    def last_words(self) -> str:
        """How the server ended and what it said last, for a message. Waits for its end for a moment."""
        try:
            status = self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return "it still runs, but has closed its connection"
        self._echo.join(_END_TIMEOUT_S)
        said = "; ".join(self._lines)
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        return f"{how}, its last words: {said}" if said else f"{how}, without a word"

    def end(self) -> None:
        """Waits for the server to go, as it does when its connection has ended, and makes sure."""
        try:
            self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._echo.join(_END_TIMEOUT_S)

    def disown(self) -> None:
        """In a forked child: the server is the parent's to wait for."""
        self._process.returncode = 0

    def _echo_lines(self) -> None:
        output = self._process.stdout
        if output is None:
            return
        with output:
            for line in output:
                self._lines.append(line.decode("utf-8", "replace").rstrip())
                # Straight to the descriptor: a daemon thread in sys.stderr's lock would break the exit. A
                # trainer whose standard error is closed still has to drain the pipe.
                with suppress(OSError):
                    os.write(2, b"zero_copy_loader server: " + line)
