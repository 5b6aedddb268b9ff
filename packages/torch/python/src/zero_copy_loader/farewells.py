"""Messages that are sent when their owners die."""

from __future__ import annotations

import ctypes
import socket
import weakref
from functools import partial
from typing import Any

from . import protocol

_send_now: Any = ctypes.PyDLL(None).send
_send_now.restype = ctypes.c_ssize_t
_send_now.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int, ctypes.py_object]


class Farewells:
    """What the server is told of loaders and iterations that are forgotten; iteration 0 is the loader."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._watches: dict[tuple[int, int], Any] = {}

    def bid(self, owner: object, number: int, kind: int, iteration: int) -> None:
        """Sends a message when ``owner`` dies, in C alone as a lease's end does.

        Where the socket has no room the message is lost, and the server keeps what it would have freed until
        the process ends. The references are kept here and not by their owners: they name a descriptor, whose
        number may be another file's once this connection has ended.
        """
        frame = protocol.encode_client(number, kind, iteration)
        flags = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
        send = partial(_send_now, self._control.fileno(), frame, len(frame), flags)
        self._watches[number, iteration] = weakref.ref(owner, send)

    def drop(self, number: int, iteration: int) -> None:
        """The server knows already."""
        self._watches.pop((number, iteration), None)

    def drop_loader(self, number: int) -> None:
        for key in [key for key in [*self._watches] if key[0] == number]:
            self._watches.pop(key, None)

    def clear(self) -> None:
        """Nobody is there to be told any more."""
        self._watches.clear()

    def said(self) -> list[tuple[int, int]]:
        """Loaders and iterations whose owners have died."""
        return [key for key, watch in [*self._watches.items()] if watch() is None]
