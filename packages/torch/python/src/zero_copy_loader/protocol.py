"""The frames between this process and its server (docs/reference/bridge-protocol.md)."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .core import StreamCounts
from .errors import ZcError

#: The version of the protocol that this client speaks.
PROTOCOL_VERSION: Final = 3
#: The longest payload of a frame. Samples never travel, so real ones are far below.
PAYLOAD_BYTES_MAX: Final = 2**20
#: The channel of requests, answers and notices, in JSON.
CONTROL_CHANNEL: Final = 0

#: What a client says on a loader's channel.
WAITING, STOP, CLOSE, IDS, LAST = 1, 2, 3, 4, 5
#: What the server says there.
BATCH, END, FAILURE, WANTED, ORDER = 1, 2, 3, 4, 5

#: By the number in a batch message.
WAYS: Final = ("direct", "copied", "mixed")

_HEAD: Final = struct.Struct("<II")
_CLIENT: Final = struct.Struct("<IIIII")
_KIND: Final = struct.Struct("<II")
_WANTED: Final = struct.Struct("<III")
_ORDER: Final = struct.Struct("<III")
_BATCH_HEAD: Final = "<8I3Q"
#: The ids of one frame. A page's worth is sent whole or not at all, whatever interrupts it.
_IDS_BYTES_MAX: Final = 4096 - 32
_READ_BYTES: Final = 2**16


class FieldPlace(NamedTuple):
    """Where the parts of one field lie in a slot; ``tables`` is 0 for a fixed field."""

    offset: int
    length: int
    tables: int


class BatchMessage(NamedTuple):
    """What the server says of a batch; its bytes lie in the slot."""

    iteration: int
    segment: int
    slot: int
    generation: int
    samples: int
    way: str
    number: int
    bytes_used: int
    indices: int
    fields: list[FieldPlace]


def encode_control(message: dict[str, Any]) -> bytes:
    """A frame of the control channel."""
    text = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
    if len(text) > PAYLOAD_BYTES_MAX:
        raise protocol_error(
            f"a message of {len(text)} bytes does not fit a frame of at most {PAYLOAD_BYTES_MAX}",
            PAYLOAD_BYTES_MAX,
            len(text),
        )
    return _HEAD.pack(len(text), CONTROL_CHANNEL) + text


def decode_control(payload: bytes) -> dict[str, Any]:
    """The JSON object of a control frame."""
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise protocol_error(f"a control frame is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise protocol_error("a control frame is not a JSON object", "object", type(message).__name__)
    return message


def encode_client(channel: int, kind: int, iteration: int, count: int = 0) -> bytes:
    """A frame on a loader's channel: waiting, stop, close or last."""
    return _CLIENT.pack(12, channel, kind, iteration, count)


def encode_ids(channel: int, iteration: int, ids: bytes) -> list[bytes]:
    """The frames with the ids of one batch, which are 8 bytes each."""
    parts = [ids[begin : begin + _IDS_BYTES_MAX] for begin in range(0, len(ids), _IDS_BYTES_MAX)]
    heads = [_CLIENT.pack(12 + len(part), channel, IDS, iteration, part is not parts[-1]) for part in parts]
    return [head + part for head, part in zip(heads, parts, strict=True)]


def encode_end(iteration: int) -> bytes:
    """The message that an iteration is over, without a frame."""
    return _KIND.pack(END, iteration)


def decode_kind(payload: bytes) -> tuple[int, int]:
    """Kind and iteration of a message on a loader's channel."""
    if len(payload) < _KIND.size:
        raise protocol_error(f"a message of {len(payload)} bytes is too short", _KIND.size, len(payload))
    return _KIND.unpack_from(payload)


def decode_wanted(payload: bytes) -> int:
    """For how many batches beyond those that were taken the server wants the ids."""
    if len(payload) != _WANTED.size:
        raise protocol_error(f"a message of {len(payload)} bytes", _WANTED.size, len(payload))
    wanted: int = _WANTED.unpack(payload)[2]
    return wanted


def decode_order(payload: bytes) -> tuple[int, npt.NDArray[np.int64]]:
    """The number of the first batch, and the ids of the samples of this one and the next."""
    if len(payload) < _ORDER.size or (len(payload) - _ORDER.size) % 8:
        raise protocol_error(f"a message of ids has {len(payload)} bytes, expected 12 and 8 for each id")
    first: int = _ORDER.unpack_from(payload)[2]
    return first, np.frombuffer(payload, "<i8", offset=_ORDER.size).astype(np.int64)


def decode_failure(payload: bytes) -> ZcError:
    """The error of a failure message."""
    return error_from(decode_control(payload[_KIND.size :]))


class BatchDecoder:
    """Reads the batch messages of one loader, whose number of fields never changes, in one unpacking."""

    def __init__(self, fields: int) -> None:
        self._fields = fields
        self._struct = struct.Struct(f"{_BATCH_HEAD}{3 * fields}Q")

    def unpack(self, payload: bytes) -> tuple[int, ...]:
        """The numbers of the message as they come: 11, and 3 for each field. For the path of every batch."""
        if len(payload) != self._struct.size:
            raise protocol_error(
                f"a batch message has {len(payload)} bytes, {self._fields} fields take {self._struct.size}",
                self._struct.size,
                len(payload),
            )
        numbers = self._struct.unpack(payload)
        if numbers[7] != self._fields or numbers[6] >= len(WAYS):
            raise protocol_error(
                f"a batch message speaks of {numbers[7]} fields and way {numbers[6]}",
                self._fields,
                numbers[7],
            )
        return numbers

    def decode(self, payload: bytes) -> BatchMessage:
        """The message with names to its numbers."""
        _, iteration, segment, slot, generation, samples, way, _, number, used, indices, *places = (
            self.unpack(payload)
        )
        fields = [FieldPlace(*places[at : at + 3]) for at in range(0, len(places), 3)]
        return BatchMessage(
            iteration, segment, slot, generation, samples, WAYS[way], number, used, indices, fields
        )


class FrameStream:
    """Cuts what a socket receives into frames, and loses nothing when a signal's exception gets in between.

    A KeyboardInterrupt is raised between two steps of the interpreter. So bytes are received and kept in one
    call that runs no Python code, and every other step can be taken twice or changes one attribute.
    """

    def __init__(self, control: socket.socket) -> None:
        self._receive = control.recv
        self._arrived: list[tuple[bytes]] = []
        #: The bytes at hand, where the next frame begins in them, and the last packet that is part of them.
        self._state: tuple[bytes, int, tuple[bytes] | None] = (b"", 0, None)
        self._received_bytes = 0
        #: What the native core, which reads from the same socket, knows of this, and this of it.
        self.shared = StreamCounts()

    @property
    def received_bytes(self) -> int:
        return self._received_bytes + int(self.shared.received_bytes)

    def drained(self) -> bool:
        """Whether all that was received has been consumed."""
        data, at, _ = self._state
        return at == len(data) and not self._arrived

    def receive(self, flags: int = 0) -> bool:
        """Waits for more bytes; False when the other side has ended the stream.

        ``flags`` are those of recv(2): with MSG_DONTWAIT it raises BlockingIOError rather than wait.
        """
        if not self._arrived:
            self._arrived.extend(zip(map(self._receive, (_READ_BYTES,), (flags,)), strict=False))
        packet = self._arrived[0]
        rest, at, merged = self._state
        if packet is not merged:
            self._state = (rest[at:] + packet[0], 0, packet)
            self._received_bytes += len(packet[0])
        self._arrived.clear()
        return len(packet[0]) > 0

    def peek(self) -> tuple[int, bytes, int] | None:
        """Channel and payload of the next frame, and what `consume` wants; None where it is not whole yet."""
        data, at, _ = self._state
        if len(data) - at < _HEAD.size:
            return None
        length, channel = _HEAD.unpack_from(data, at)
        if length > PAYLOAD_BYTES_MAX:
            raise protocol_error(
                f"a frame announces {length} bytes, at most {PAYLOAD_BYTES_MAX} are allowed",
                PAYLOAD_BYTES_MAX,
                length,
            )
        end = at + _HEAD.size + length
        return None if end > len(data) else (channel, data[at + _HEAD.size : end], end)

    def consume(self, end: int) -> None:
        """Goes on behind the frame that `peek` gave."""
        data, _, merged = self._state
        self._state = (data, end, merged)


def error_from(message: dict[str, Any]) -> ZcError:
    """The error that the server reported."""
    code, summary = message.get("code"), message.get("summary")
    kinds = {"path": str, "offset": int, "expected": object, "actual": object, "advice": str}
    known: dict[str, Any] = {
        key: message[key]
        for key, kind in kinds.items()
        if message.get(key) is not None and isinstance(message[key], kind)
    }
    return ZcError(
        code if isinstance(code, str) and code.startswith("ZC_") else "ZC_INTERNAL",
        summary if isinstance(summary, str) else "the server reported an error without words",
        **known,
    )


def protocol_error(summary: str, expected: object = None, actual: object = None) -> ZcError:
    return ZcError("ZC_TORCH_PROTOCOL", summary, expected=expected, actual=actual)
