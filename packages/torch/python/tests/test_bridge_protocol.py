"""The frames, against the golden ones that the server's tests read too."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.interrupts import Interrupts
from zero_copy_loader import ZcError, protocol
from zero_copy_loader.protocol import BatchDecoder, FrameStream

GOLDEN = json.loads((Path(__file__).parents[2] / "test" / "golden" / "frames.json").read_text())
BY_NAME: dict[str, dict[str, Any]] = {
    frame["name"]: frame for frame in (*GOLDEN["from_client"], *GOLDEN["from_server"])
}


def bytes_of(name: str) -> bytes:
    return bytes.fromhex(BY_NAME[name]["hex"])


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def frames_of(stream: FrameStream, count: int) -> list[tuple[int, bytes]]:
    frames: list[tuple[int, bytes]] = []
    while len(frames) < count:
        while (frame := stream.peek()) is None:
            assert stream.receive()
        frames.append(frame[:2])
        stream.consume(frame[2])
    return frames


def payload_of(name: str) -> bytes:
    return bytes_of(name)[8:]


def test_the_order_of_batches_is_read() -> None:
    frame = BY_NAME["ids of listed batches"]
    payload = payload_of("ids of listed batches")
    assert protocol.decode_kind(payload) == (protocol.ORDER, frame["iteration"])
    first, samples = protocol.decode_order(payload)
    assert first == frame["first_batch"]
    assert samples.tolist() == [number for batch in frame["batches"] for number in batch]
    for cut in (1, 4, len(payload) - 9):
        with pytest.raises(ZcError, match="8 for each id"):
            protocol.decode_order(payload[:-cut])


def test_client_frames_are_written() -> None:
    assert protocol.encode_control(BY_NAME["hello"]["control"]) == bytes_of("hello")
    for name in ("waiting", "stop", "close", "last"):
        frame = BY_NAME[name]
        encoded = protocol.encode_client(frame["channel"], frame["kind"], frame["iteration"], frame["count"])
        assert encoded == bytes_of(name)
    ids = BY_NAME["ids"]
    numbers = struct.pack(f"<{len(ids['ids'])}Q", *ids["ids"])
    assert protocol.encode_ids(ids["channel"], ids["iteration"], numbers) == [bytes_of("ids")]


def test_the_ids_of_a_large_batch_take_several_frames(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    ids = np.arange(1200, dtype="<u8")
    frames = protocol.encode_ids(3, 2, ids.tobytes())
    for frame in frames:
        assert len(frame) <= 4096
        theirs.sendall(frame)
    payloads = [payload for _, payload in frames_of(FrameStream(ours), len(frames))]
    assert [struct.unpack_from("<III", payload) for payload in payloads] == [(4, 2, 1)] * 2 + [(4, 2, 0)]
    assert b"".join(payload[12:] for payload in payloads) == ids.tobytes()


def test_server_frames_are_read() -> None:
    batch = BY_NAME["batch"]["batch"]
    message = BatchDecoder(len(batch["fields"])).decode(payload_of("batch"))
    found = {**message._asdict(), "fields": [place._asdict() for place in message.fields]}
    assert found == batch
    assert protocol.decode_control(payload_of("answer")) == BY_NAME["answer"]["control"]
    assert protocol.decode_kind(payload_of("end")) == (protocol.END, 2)
    assert protocol.decode_kind(payload_of("failure")) == (protocol.FAILURE, 2)
    assert protocol.decode_kind(payload_of("wanted")) == (protocol.WANTED, 2)
    assert protocol.decode_wanted(payload_of("wanted")) == BY_NAME["wanted"]["batches"]
    failure = protocol.decode_failure(payload_of("failure"))
    assert (failure.code, failure.summary, failure.advice) == tuple(
        BY_NAME["failure"]["error"][key] for key in ("code", "summary", "advice")
    )


@given(st.data())
def test_frames_come_whole_however_the_stream_is_cut(data: st.DataObject) -> None:
    names = [frame["name"] for frame in GOLDEN["from_server"]]
    whole = b"".join(map(bytes_of, names))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stream, found = FrameStream(ours), []
        for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
            if begin == end:
                continue
            theirs.sendall(whole[begin:end])
            assert stream.receive()
            while (frame := stream.peek()) is not None:
                found.append(frame[1])
                stream.consume(frame[2])
    assert found == [payload_of(name) for name in names]
    assert stream.received_bytes == len(whole)


def test_an_interrupt_while_receiving_loses_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    stream = FrameStream(ours)
    frames = [protocol.encode_client(number, 1, 1) for number in range(1, 401)]
    sent_bytes = sum(map(len, frames))
    found: list[int] = []

    def send() -> None:
        for frame in frames:
            theirs.sendall(frame[:7])
            theirs.sendall(frame[7:])
            time.sleep(0.0005)

    def step() -> bool:
        """Takes a frame. It is kept before it is consumed, so an interrupt may make it come twice."""
        while (frame := stream.peek()) is None:
            stream.receive()
        if frame[0] not in found[-1:]:
            found.append(frame[0])
        stream.consume(frame[2])
        return len(found) < len(frames)

    sender = threading.Thread(target=send)
    sender.start()
    interrupts = Interrupts(interval_s=0.0004)
    interrupts.disturb(step)
    sender.join()
    assert interrupts.raised > 0
    assert found == [*range(1, 401)]
    assert stream.received_bytes == sent_bytes


def test_the_end_of_the_stream_is_told(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.sendall(bytes_of("end")[:5])
    theirs.close()
    stream = FrameStream(ours)
    assert stream.receive()
    assert stream.peek() is None
    assert not stream.receive()


def test_a_frame_that_is_too_long_is_refused_before_it_has_come(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.sendall((protocol.PAYLOAD_BYTES_MAX + 1).to_bytes(4, "little") + bytes(4))
    stream = FrameStream(ours)
    stream.receive()
    with pytest.raises(ZcError, match="ZC_TORCH_PROTOCOL"):
        stream.peek()


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"\xff"])
def test_a_control_frame_that_is_no_json_object_is_refused(payload: bytes) -> None:
    with pytest.raises(ZcError, match="ZC_TORCH_PROTOCOL"):
        protocol.decode_control(payload)


@given(st.binary(max_size=140))
def test_any_bytes_for_a_batch_are_read_or_refused(payload: bytes) -> None:
    with suppress(ZcError):
        BatchDecoder(2).decode(payload)


def test_a_message_too_long_to_send_is_refused() -> None:
    with pytest.raises(ZcError, match="ZC_TORCH_PROTOCOL"):
        protocol.encode_control({"paths": ["x" * protocol.PAYLOAD_BYTES_MAX]})
