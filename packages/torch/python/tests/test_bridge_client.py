"""A server that is not there, not ours, or does not keep to the protocol."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import zero_copy_loader as zc
from helpers.datasets import write_images
from helpers.trainers import eventually, is_running
from zero_copy_loader import client, protocol


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("client") / "images", samples=8)


@pytest.fixture(autouse=True)
def _own_server() -> None:
    client.close_shared_client()


#: A server that answers the greeting with what stands in place of ANSWER.
IMPOSTOR = """
import { parseArgs } from 'node:util';
import { Socket } from 'node:net';
const option = { type: 'string' };
const options = { control: option, descriptors: option, released: option, parent: option };
const { control } = parseArgs({ options }).values;
const socket = new Socket({ fd: Number(control), readable: true, writable: true });
const frame = (text, channel = 0) => {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(Buffer.byteLength(text), 0);
  head.writeUInt32LE(channel, 4);
  return Buffer.concat([head, Buffer.from(text)]);
};
socket.once('data', () => { ANSWER });
socket.on('close', () => process.exit(0));
"""


def pretend(answer: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = folder / "impostor.mjs"
    server.write_text(IMPOSTOR.replace("ANSWER", answer))
    monkeypatch.setenv("ZC_SERVER", str(server))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            """socket.write(frame('{"id":1,"ok":{"protocol":9,"version":"9","node":"v20.19.0"}}'))""",
            "ZC_TORCH_PROTOCOL",
        ),
        ("socket.write(Buffer.alloc(64, 0xff))", "ZC_TORCH_PROTOCOL"),
        ("socket.write(frame('{{{'))", "ZC_TORCH_PROTOCOL"),
        ("""socket.write(frame('{"type":"riddle"}'))""", "ZC_TORCH_PROTOCOL"),
        (
            """socket.write(frame('{"id":1,"ok":{"protocol":3,"version":"0.1.0","node":"v18.1.0"}}'))""",
            "ZC_TORCH_NODE_MISSING",
        ),
        ("console.error('out of luck'); process.exit(7)", "ZC_TORCH_SERVER_START"),
    ],
    ids=["another version", "bytes of no frame", "no JSON", "unknown notice", "old Node", "exit"],
)
def test_an_impostor_is_a_typed_error(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: str
) -> None:
    pretend(answer, tmp_path, monkeypatch)
    with pytest.raises(zc.ZcError) as raised:
        iter(zc.DataLoader(images))
    assert raised.value.code == code
    if code == "ZC_TORCH_SERVER_START":
        assert "exit status 7" in str(raised.value)
        assert "out of luck" in str(raised.value)


def test_the_server_refuses_a_client_of_another_version(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "PROTOCOL_VERSION", 99)
    with pytest.raises(zc.ZcError, match="the client speaks protocol 99") as raised:
        iter(zc.DataLoader(images))
    assert raised.value.code == "ZC_TORCH_PROTOCOL"
    assert (raised.value.expected, raised.value.actual) == (3, 99)


GARBLED = {
    "a frame without end": b"\xff\xff\xff\xff\x00\x00\x00\x00",
    "no JSON": b"\x03\x00\x00\x00\x00\x00\x00\x00{{{",
    "no request": protocol.encode_control({"id": 9, "type": "riddle"}),
    "a loader that was never opened": protocol.encode_client(77, protocol.WAITING, 1, 1),
    "an unknown kind": protocol.encode_client(1, 99, 1, 1),
}


@pytest.mark.parametrize("garbled", GARBLED)
def test_the_server_refuses_what_no_client_says(images: Path, garbled: str) -> None:
    loader = zc.DataLoader(images)
    assert len(list(loader)) == 8
    running = client.shared_client()
    running.send_frame(GARBLED[garbled])
    with pytest.raises(zc.ZcError) as raised:
        loader.stats()
    assert raised.value.code == "ZC_TORCH_PROTOCOL"
    assert eventually(lambda: not is_running(running.server_pid))
    # The next use starts another server.
    assert len(list(loader)) == 8


@pytest.mark.parametrize("whole", [0, 7, 8, 9])
def test_a_frame_that_is_cut_by_the_end_of_the_client_ends_the_server_in_silence(
    images: Path, capfd: pytest.CaptureFixture[str], whole: int
) -> None:
    iter(zc.DataLoader(images))
    running = client.shared_client()
    running._control.sendall(protocol.encode_client(1, protocol.STOP, 1)[:whole])
    client.close_shared_client()
    assert running._process.last_words() == "exit status 0, without a word"
    assert capfd.readouterr().err == ""


def test_what_the_server_said_last_is_heard_by_a_client_that_sends(images: Path) -> None:
    loader = zc.DataLoader(images)
    iter(loader)
    running = client.shared_client()
    running.send_frame(GARBLED["no JSON"])
    assert eventually(lambda: not is_running(running.server_pid))
    with pytest.raises(zc.ZcError, match=r"ZC_TORCH_PROTOCOL.*not JSON"):
        running.send_frame(protocol.encode_client(1, protocol.STOP, 1))


def test_without_node_the_error_says_what_to_install(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("ZC_NODE", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(zc.ZcError, match="ZC_TORCH_NODE_MISSING") as raised:
        iter(zc.DataLoader(images))
    assert "pip install" in str(raised.value)


def test_a_node_that_is_named_must_be_there(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZC_NODE", "/nowhere/node")
    with pytest.raises(zc.ZcError, match=r"ZC_TORCH_NODE_MISSING /nowhere/node"):
        iter(zc.DataLoader(images))


def test_a_bundle_that_is_no_program_is_told_with_its_words(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZC_SERVER", str(tmp_path / "missing.js"))
    with pytest.raises(zc.ZcError, match="ZC_TORCH_SERVER_START") as raised:
        iter(zc.DataLoader(images))
    assert "Cannot find module" in str(raised.value)


def test_the_server_is_in_a_session_of_its_own(images: Path) -> None:
    loader = zc.DataLoader(images)
    iter(loader)
    server = client.shared_client().server_pid
    assert os.getsid(server) == server != os.getsid(0)


OPTIONS = {"batch_size": 1, "shuffle": False, "seed": 0, "drop_last": False}


def test_an_answer_that_fits_no_frame_is_a_typed_error(images: Path) -> None:
    loader = zc.DataLoader(images)
    iter(loader)
    running = client.shared_client()
    with pytest.raises(zc.ZcError) as raised:
        # Its error would name the path twice.
        running.request("open", loader=77, paths=["x" * 600_000], options=OPTIONS)
    assert raised.value.code == "ZC_TORCH_PROTOCOL"
    assert len(list(loader)) == 8


def test_a_client_that_asks_and_never_reads_is_let_go(images: Path) -> None:
    loader = zc.DataLoader(images)
    iter(loader)
    running = client.shared_client()
    request = protocol.encode_control({"id": 1, "type": "stats"}) * 100

    def ask() -> None:
        for _ in range(10_000):
            running.send_frame(request)

    with pytest.raises(zc.ZcError, match="ZC_TORCH_SERVER_GONE"):
        ask()
    assert eventually(lambda: not is_running(running.server_pid))


def test_a_loader_that_is_closed_while_it_is_opened_is_closed(images: Path) -> None:
    loader = zc.DataLoader(images)
    iter(loader)
    running = client.shared_client()
    request = {"id": 900, "type": "open", "loader": 50, "paths": [str(images)], "options": OPTIONS}
    running.send_frame(protocol.encode_control(request) + protocol.encode_client(50, protocol.CLOSE, 0))
    assert eventually(lambda: loader.stats()["server"]["loaders"] == 1 and 900 in running._answers)
    assert running._answers.pop(900)["error"]["code"] == "ZC_CLOSED"
