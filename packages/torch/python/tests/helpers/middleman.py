"""Between a client and its server: passes their frames on, one of them changed.

Run by a client in the place of Node.js, with the server's file and its arguments. `ZC_MIDDLEMAN` says in JSON
what it does; how the server ended is written to `report`.
"""

from __future__ import annotations

import json
import os
import random
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_HEAD = struct.Struct("<II")
#: After the change the two may go on for so long; then the line is cut, for one may wait for what was lost.
_GRACE_S = 0.7


def main() -> None:
    task = json.loads(os.environ["ZC_MIDDLEMAN"])
    arguments = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=True))
    client = socket.socket(fileno=int(arguments["--control"]))
    ours, theirs = socket.socketpair()
    inherited = [theirs.fileno(), int(arguments["--descriptors"]), int(arguments["--released"])]
    names = ("--control", "--descriptors", "--released")
    given = [word for name, number in zip(names, inherited, strict=True) for word in (name, str(number))]
    server = subprocess.Popen(
        [task["node"], sys.argv[1], *given, "--parent", str(os.getpid())],
        pass_fds=inherited,
        stderr=subprocess.PIPE,
    )
    theirs.close()
    for descriptor in inherited[1:]:
        os.close(descriptor)
    changed = pass_on(client, ours, task)
    ours.close()
    try:
        _, errors = server.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        server.kill()
        _, errors = server.communicate()
    report = {"status": server.returncode, "errors": errors.decode("utf-8", "replace"), "changed": changed}
    Path(task["report"]).write_text(json.dumps(report))


def pass_on(client: socket.socket, server: socket.socket, task: dict[str, Any]) -> str | None:
    """Until one side ends; the ``task["frame"]``-th frame of ``task["from"]`` is changed. Says what to."""
    draw = random.Random(task["seed"])
    parts = {client: b"", server: b""}
    others = {client: server, server: client}
    frames, changed, until = 0, None, None
    while True:
        ready, _, _ = select.select([client, server], [], [], 0.1)
        if until is not None and time.monotonic() > until:
            return changed
        for side in ready:
            try:
                received = side.recv(1 << 16)
            except ConnectionResetError:
                received = b""
            if not received:
                return changed
            parts[side] += received
            while (frame := whole_frame(parts[side])) is not None:
                parts[side] = parts[side][len(frame) :]
                if side is (client if task["from"] == "client" else server):
                    frames += 1
                    if frames == task["frame"]:
                        frame = change(frame, draw)
                        changed = frame[:80].hex()
                        until = time.monotonic() + _GRACE_S
                try:
                    others[side].sendall(frame)
                except OSError:
                    return changed


def whole_frame(data: bytes) -> bytes | None:
    """The frame at the beginning of ``data``, once it is there."""
    if len(data) < _HEAD.size:
        return None
    end = _HEAD.size + _HEAD.unpack_from(data)[0]
    return data[:end] if len(data) >= end else None


def change(frame: bytes, draw: random.Random) -> bytes:
    """What an enemy, a bad line or another version could make of a frame."""
    return draw.choice(_CHANGES)(frame, draw)


def _flip(frame: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(frame) * 8)
    changed = bytearray(frame)
    changed[at // 8] ^= 1 << at % 8
    return bytes(changed)


def _garble(frame: bytes, draw: random.Random) -> bytes:
    length = draw.randrange(len(frame) + 64)
    return _HEAD.pack(length, draw.choice([0, 1, 2, 77])) + draw.randbytes(length)


def _cut(frame: bytes, draw: random.Random) -> bytes:
    """A whole frame of part of the payload."""
    payload = frame[_HEAD.size : draw.randrange(_HEAD.size, len(frame))]
    return _HEAD.pack(len(payload), _HEAD.unpack_from(frame)[1]) + payload


def _announce_too_much(frame: bytes, draw: random.Random) -> bytes:
    length = draw.choice([2**20 + 1, 2**31, 2**32 - 1])
    return _HEAD.pack(length, _HEAD.unpack_from(frame)[1]) + frame[_HEAD.size :]


def _random_bytes(_: bytes, draw: random.Random) -> bytes:
    return draw.randbytes(draw.randrange(1, 4096))


def _twice(frame: bytes, _: random.Random) -> bytes:
    return frame + frame


def _number(frame: bytes, draw: random.Random) -> bytes:
    """One of its numbers is another; of a text one of its values."""
    if _HEAD.unpack_from(frame)[1] == 0:
        message = json.loads(frame[_HEAD.size :])
        _replace(message, draw)
        text = json.dumps(message).encode()
        return _HEAD.pack(len(text), 0) + text
    at = draw.randrange(_HEAD.size, len(frame), 4)
    number = draw.choice([0, 1, 2, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1])
    return frame[:at] + number.to_bytes(4, "little") + frame[at + 4 :]


_VALUES: list[Any] = [None, True, -1, 0, 2**31, 2**53, 2**64, 1.5, "", "x" * 300, [], [[]], {}, {"a": 1}]


def _replace(message: Any, draw: random.Random) -> None:
    """Puts another value in the place of one of those in an object or list, at any depth."""
    keys = list(message) if isinstance(message, dict) else list(range(len(message)))
    if not keys:
        return
    key = draw.choice(keys)
    if isinstance(message[key], (dict, list)) and message[key] and draw.random() < 0.7:
        _replace(message[key], draw)
    elif isinstance(message, dict) and draw.random() < 0.3:
        del message[key]
    else:
        message[key] = draw.choice(_VALUES)


def _nested(_: bytes, draw: random.Random) -> bytes:
    """A text that opens more brackets than a reader may go down."""
    text = draw.choice([b"[", b'{"a":']) * draw.choice([500, 5_000, 150_000])
    return _HEAD.pack(len(text), 0) + text


_CHANGES: list[Callable[[bytes, random.Random], bytes]] = [
    *(_flip, _flip, _garble, _cut, _announce_too_much, _random_bytes, _twice, _nested),
    *(_number, _number, _number, _number),
]

if __name__ == "__main__":
    main()
