"""The descriptors that a server inherits."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import ExitStack

from .errors import ZcError

Pair = tuple[socket.socket, socket.socket]


def new_descriptors() -> tuple[Pair, Pair, int]:
    """Two pairs of sockets, for frames and for descriptors, and the eventfd for leases that end."""
    with ExitStack() as opened:
        try:
            frames = [opened.enter_context(each) for each in _pair(socket.SOCK_STREAM)]
            packets = [opened.enter_context(each) for each in _pair(socket.SOCK_SEQPACKET)]
            released = _above_standard(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK))
        except OSError as error:
            raise ZcError(
                "ZC_TORCH_SERVER_START",
                f"there are no sockets to be had for a server: {error}",
                advice="Raise the limit of open files (`ulimit -n`), or close some.",
            ) from error
        opened.pop_all()
    return (frames[0], frames[1]), (packets[0], packets[1]), released


def _pair(kind: socket.SocketKind) -> list[socket.socket]:
    pair = socket.socketpair(socket.AF_UNIX, kind)
    return [socket.socket(fileno=_above_standard(each.detach())) for each in pair]


def _above_standard(descriptor: int) -> int:
    """The descriptor under a number above 2: in a daemon that has closed them a new one may be its 1 or 2.

    The server inherits it under its number, and has an output of its own there.
    """
    if descriptor > 2:
        return descriptor
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(descriptor)
    return moved
