"""Packs files by the program ``zc pack``, in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from .errors import ZcError
from .node_programs import find_command_line, find_node
from .pack_progress import OnProgress, PackProgress
from .protocol import error_from

_LAST_LINES = 20


def pack_files(
    paths: Sequence[str], output: str, options: Mapping[str, Any], tell: OnProgress | None
) -> dict[str, Any]:
    """Its report: samples, shards, bytes, seconds, skipped, errors. Raises what went wrong there.

    An exception in this process, KeyboardInterrupt too, ends the program, which then leaves nothing behind.
    """
    flags = ["--json", "--progress", *arguments_of(options)]
    command = [find_node(), find_command_line(), "pack", *flags, "--", *paths, output]
    # In a session of its own: it hears of Ctrl-C once, from here, and cleans up.
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stderr is not None, "it is a pipe"
            said = _listen(process.stderr, tell)
            # The report is the last that it says, and small: the pipe holds it until here.
            document = process.stdout.read() if process.stdout else ""
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if status != 0:
        raise _error_of(said, status)
    report: dict[str, Any] = json.loads(document)
    report["errors"] = tuple(report["errors"])
    return {name: report[name] for name in ("samples", "shards", "bytes", "seconds", "skipped", "errors")}


def arguments_of(options: Mapping[str, Any]) -> Iterator[str]:
    """Options of Python as those of the command line.

    None is left out, True and False are ``--name`` and ``--no-name``, a list is the option several times, a
    mapping the option with ``key=value`` several times.
    """
    for name, value in options.items():
        flag = name.replace("_", "-")
        if value is None:
            continue
        if isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
        elif isinstance(value, Mapping):
            yield from (f"--{flag}={key}={item}" for key, item in value.items())
        elif isinstance(value, (list, tuple)):
            yield from (f"--{flag}={item}" for item in value)
        else:
            yield f"--{flag}={value}"


def _listen(lines: IO[str], tell: OnProgress | None) -> deque[str]:
    """Passes progress on until the program says no more; the last of what else it said."""
    said: deque[str] = deque(maxlen=_LAST_LINES)
    for line in lines:
        progress = _member(line, "progress")
        if progress is None:
            said.append(line.rstrip())
        elif tell is not None:
            tell(
                PackProgress(
                    progress["samples"],
                    progress.get("samplesTotal"),
                    progress["bytesRead"],
                    progress.get("bytesTotal"),
                )
            )
    return said


def _error_of(said: deque[str], status: int) -> ZcError:
    for line in reversed(said):
        error = _member(line, "error")
        if error is not None:
            return error_from(error)
    words = "; ".join(said)
    return ZcError("ZC_INTERNAL", f"zc pack ended with status {status}: {words or 'it said nothing'}")


def _member(line: str, name: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)[name]
    except (ValueError, KeyError):
        return None
    return found if isinstance(found, dict) else None
