"""The connection to the server: one a process, shared by all its loaders, started when first needed."""

from __future__ import annotations

import atexit
import ctypes
import fcntl
import itertools
import os
import select
import socket
import threading
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, Final

from . import answers, protocol
from .errors import ZcError
from .lease import Segment
from .node_programs import NODE_VERSION_MIN, node_missing
from .protocol import FrameStream, error_from, protocol_error
from .server_process import ServerProcess

VERSION: Final = "0.1.0"

_send_now: Any = ctypes.PyDLL(None).send
_send_now.restype = ctypes.c_ssize_t
_send_now.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int, ctypes.py_object]


class Client:
    """A running server and the connection to it.

    Threads may use it side by side, each with its own loader. A forked child may not: every call there raises
    ZC_TORCH_FORKED, and the parent goes on.
    """

    def __init__(self) -> None:
        frames, packets, self._released = _new_descriptors()
        self._control, their_control = frames
        self._packets, their_packets = packets
        self._stream = FrameStream(self._control)
        self._arrived_packets: list[Any] = []
        self._receiving = threading.Lock()
        # Reentrant, for a signal's handler may close a loader in the middle of another one's message.
        self._sending = threading.RLock()
        self._requests = itertools.count(1)
        self._loaders = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._inboxes: dict[int, deque[bytes]] = {}
        self._segments: dict[int, Segment] = {}
        self._segment_loaders: dict[int, int] = {}
        #: By loader: who is told of its segments.
        self._segment_watchers: dict[int, Callable[[Segment], None]] = {}
        self._retired: list[Segment] = []
        #: By loader and iteration; iteration 0 is the loader itself.
        self._farewells: dict[tuple[int, int], Any] = {}
        self._end: ZcError | None = None
        self.forked = False
        self.sent_bytes = 0
        inherited = (their_control.fileno(), their_packets.fileno(), self._released)
        try:
            self._process = ServerProcess(
                [
                    *("--control", str(inherited[0])),
                    *("--descriptors", str(inherited[1])),
                    *("--released", str(inherited[2])),
                    *("--parent", str(os.getpid())),
                ],
                inherited,
            )
        except BaseException:
            self._close_descriptors()
            raise
        finally:
            their_control.close()
            their_packets.close()
        try:
            self._greet()
        except BaseException:
            self._fail(ZcError("ZC_TORCH_SERVER_START", "the server was not greeted"))
            self._process.end()
            raise

    @property
    def alive(self) -> bool:
        """Whether loaders can still be opened here."""
        return self._end is None and not self.forked

    @property
    def server_pid(self) -> int:
        return self._process.pid

    @property
    def received_bytes(self) -> int:
        return self._stream.received_bytes

    def request(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Sends a request and waits for its answer. Raises the error that the server answers with."""
        number = next(self._requests)
        self.send_frame(protocol.encode_control({"id": number, "type": type_, **fields}))
        while number not in self._answers:
            if not self._pump():
                self._wait()
        answer = self._answers.pop(number)
        if isinstance(answer.get("error"), dict):
            raise error_from(answer["error"])
        found: dict[str, Any] = answer["ok"]
        try:
            answers.check(type_, found)
        except ZcError as error:
            raise self.refuse(error) from None
        return found

    def new_loader(self) -> int:
        """A channel that was not used before."""
        self._sweep()
        number = next(self._loaders)
        self._inboxes[number] = deque()
        return number

    def close_loader(self, number: int) -> None:
        """Tells the server that a loader is over. Leases that are held stay valid."""
        if number in self._inboxes:
            self.tell(number, protocol.CLOSE, 0)
        self._forget_loader(number)

    def close_with(self, owner: object, number: int) -> None:
        """Closes the loader when ``owner`` is no more."""
        self._bid_farewell(owner, number, protocol.CLOSE, 0)

    def stop_with(self, owner: object, number: int, iteration: int) -> None:
        """Stops the iteration when ``owner`` is no more."""
        self._sweep()
        self._bid_farewell(owner, number, protocol.STOP, iteration)

    def stop(self, number: int, iteration: int) -> None:
        """Tells the server that an iteration is over."""
        self._farewells.pop((number, iteration), None)
        self.tell(number, protocol.STOP, iteration)

    def end_iteration(self, number: int, iteration: int) -> None:
        """Forgets an iteration that the server knows to be over."""
        self._farewells.pop((number, iteration), None)

    def tell(self, number: int, kind: int, iteration: int) -> None:
        """Sends what is good to know for a server that is still there."""
        with suppress(ZcError):
            self.send(number, kind, iteration)

    def send(self, number: int, kind: int, iteration: int, count: int = 0) -> None:
        """Sends a message on a loader's channel."""
        self.send_frame(protocol.encode_client(number, kind, iteration, count))

    def send_ids(self, number: int, kind: int, iteration: int, ids: bytes) -> None:
        """Sends the ids of a batch, or that there are no more, in frames that no interrupt cuts."""
        if kind == protocol.IDS:
            for frame in protocol.encode_ids(number, iteration, ids):
                self.send_frame(frame)
        else:
            self.send(number, kind, iteration)

    def inbox(self, number: int) -> deque[bytes]:
        """The messages that have come for a loader and were not taken."""
        return self._inboxes[number]

    def await_message(
        self, inbox: deque[bytes], number: int, iteration: int, batch: Callable[[], int]
    ) -> None:
        """Waits until there is something in a loader's inbox.

        Where nothing has come yet, the server is told which ``batch`` this waits for.
        """
        self._check()
        told = -1
        while not inbox:
            if self._pump():
                continue
            if self._inboxes.get(number) is not inbox:
                raise ZcError("ZC_CLOSED", "the loader is closed")
            if told != (wanted := batch()):
                self.send(number, protocol.WAITING, iteration, wanted)
                told = wanted
            else:
                self._wait()

    def look(self) -> None:
        """Receives what has come, and waits for nothing."""
        while self._pump():
            pass

    def take(self, segment: int, slot: int, generation: int) -> Any:
        """A slot's memory, under a lease that ends with the last object made of it."""
        try:
            return self._segments[segment].take(slot, generation)
        except KeyError:
            raise self._fail(
                protocol_error(f"a batch lies in segment {segment}, which was not announced")
            ) from None

    def refuse(self, error: ZcError) -> ZcError:
        """Ends the connection with a server that breaks the protocol; every later call raises ``error``."""
        return self._fail(error)

    def watch_segments(self, number: int, watcher: Callable[[Segment], None]) -> None:
        """Tells ``watcher`` of each segment of a loader as it comes, in the thread that receives it."""
        self._segment_watchers[number] = watcher

    def segments(self) -> list[Segment]:
        return [*self._segments.values()]

    def close(self) -> None:
        """Ends the server and waits for it. Batches that are held stay readable."""
        if not self.forked:
            self._fail(ZcError("ZC_CLOSED", "the connection to the server is closed"))
            self._process.end()

    def fork(self) -> None:
        """In a forked child: lets go of the copies of the parent's descriptors."""
        self.forked = True
        self._farewells.clear()
        self._process.disown()
        self._close_descriptors()

    def _greet(self) -> None:
        try:
            answer = self.request("hello", protocol=protocol.PROTOCOL_VERSION, version=VERSION)
        except ZcError as error:
            if error.code != "ZC_TORCH_SERVER_GONE":
                raise
            raise ZcError("ZC_TORCH_SERVER_START", error.summary) from error
        if answer.get("protocol") != protocol.PROTOCOL_VERSION:
            raise self._fail(
                protocol_error(
                    f"the server speaks protocol {answer.get('protocol')}",
                    protocol.PROTOCOL_VERSION,
                    answer.get("protocol"),
                )
            )
        node = str(answer.get("node"))
        if tuple(int(part) for part in node.lstrip("v").split(".")[:2]) < NODE_VERSION_MIN:
            raise self._fail(node_missing(f"the Node.js that was found is {node}"))

    def send_frame(self, frame: bytes) -> None:
        """Sends one whole frame."""
        self._check()
        try:
            with self._sending:
                # The signal would end a trainer that has SIGPIPE's default action.
                self._control.sendall(frame, socket.MSG_NOSIGNAL)
        except OSError:
            raise self._hear_out() from None
        except BaseException as error:
            # Part of the frame may be under way: what is sent after it would be read as its rest.
            if len(frame) > _ATOMIC_BYTES:
                self._fail(ZcError("ZC_CLOSED", f"the connection was interrupted: {type(error).__name__}"))
            raise
        self.sent_bytes += len(frame)

    def _wait(self) -> None:
        """Waits until there is something to receive, or for a moment.

        Without a lock, so that no thread keeps the others from what came for them; and only for a moment,
        since another thread may receive what came for this one between its last look and here.
        """
        descriptor = self._control.fileno()
        if descriptor >= 0:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll(_MOMENT_MS)

    def _pump(self) -> bool:
        """Deals with the next frame for whomever it is; False where none has come."""
        self._check()
        with self._receiving:
            try:
                while (frame := self._stream.peek()) is None:
                    if not self._stream.receive(socket.MSG_DONTWAIT):
                        raise self._gone()
                channel, payload, end = frame
                if channel == protocol.CONTROL_CHANNEL:
                    self._hear(protocol.decode_control(payload))
                elif channel in self._inboxes:
                    self._inboxes[channel].append(payload)
                self._stream.consume(end)
            except BlockingIOError:
                return False
            except OSError:
                raise self._gone() from None
            except ZcError as error:
                raise self._fail(error) from None
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                words = f"a message is not what the protocol says: {type(error).__name__}: {error}"
                raise self._fail(protocol_error(words)) from error
        return True

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("type") == "segment":
            self._map_segment(message)
        elif message.get("type") == "retired":
            self._retire(message["segment"])
        elif not any(isinstance(message.get(key), dict) for key in ("ok", "error")):
            raise protocol_error(f"the server says what is neither an answer nor a notice: {message}")
        elif message.get("id") is None:
            raise error_from(message["error"])
        else:
            self._answers[message["id"]] = message

    def _map_segment(self, notice: dict[str, Any]) -> None:
        number, loader = notice["segment"], notice["loader"]
        # It has been sent before the notice, so there is nothing to wait for.
        packet = (4, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC | socket.MSG_DONTWAIT)
        if number in self._segments:
            return
        if not self._arrived_packets:
            # One call without Python code in it, so that no signal comes between a descriptor and its name.
            try:
                self._arrived_packets.extend(itertools.starmap(self._packets.recvmsg, (packet,)))
            except BlockingIOError:
                raise protocol_error(f"segment {number} was announced, and no packet came") from None
        payload, ancillary, flags, _ = self._arrived_packets[0]
        if flags & socket.MSG_CTRUNC:
            raise ZcError(
                "ZC_IO_MEMORY",
                "shared memory has come for which this process may open no file",
                advice="Raise the limit of open files (`ulimit -n`), or close some.",
            )
        if payload != int(number).to_bytes(4, "little") or len(ancillary) != 1:
            raise protocol_error(f"segment {number} was announced, and packet {payload.hex()!r} came")
        descriptor = int.from_bytes(ancillary[0][2][:4], "little")
        sizes = {key: notice[key] for key in ("size_bytes", "control_bytes", "slots", "slot_bytes")}
        try:
            self._segments[number] = Segment(descriptor, released=self._released, **sizes)
        except BaseException as error:
            # A signal's exception is not the end: the notice is dealt with again.
            if isinstance(error, Exception):
                self._arrived_packets.clear()
                os.close(descriptor)
            raise
        self._segment_loaders[number] = loader
        self._arrived_packets.clear()
        os.close(descriptor)
        watcher = self._segment_watchers.get(loader)
        if watcher is not None:
            watcher(self._segments[number])

    def _retire(self, number: int) -> None:
        segment = self._segments.pop(number, None)
        self._segment_loaders.pop(number, None)
        self._retired = [each for each in self._retired if each.leased]
        if segment is not None and segment.leased:
            self._retired.append(segment)

    def _bid_farewell(self, owner: object, number: int, kind: int, iteration: int) -> None:
        """Sends a message when ``owner`` dies, in C alone as a lease's end does.

        Where the socket has no room the message is lost, and the server keeps what it would have freed until
        the process ends. The references are kept here and not by their owners: they name a descriptor, whose
        number may be another file's once this connection has ended.
        """
        frame = protocol.encode_client(number, kind, iteration)
        flags = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
        send = partial(_send_now, self._control.fileno(), frame, len(frame), flags)
        self._farewells[number, iteration] = weakref.ref(owner, send)
        if not self.alive:
            self._farewells.clear()

    def _sweep(self) -> None:
        """Forgets the loaders and iterations that are no more."""
        for (number, iteration), watch in [*self._farewells.items()]:
            if watch() is None and iteration == 0:
                self._forget_loader(number)
            elif watch() is None:
                self._farewells.pop((number, iteration), None)

    def _forget_loader(self, number: int) -> None:
        self._inboxes.pop(number, None)
        self._segment_watchers.pop(number, None)
        for key in [key for key in [*self._farewells] if key[0] == number]:
            self._farewells.pop(key, None)
        for segment in [key for key, loader in [*self._segment_loaders.items()] if loader == number]:
            self._retire(segment)

    def _check(self) -> None:
        if self.forked:
            raise ZcError(
                "ZC_TORCH_FORKED",
                f"this loader belongs to process {os.getppid()} or one before it, not to {os.getpid()}",
            )
        if self._end is not None:
            raise self._end

    def _hear_out(self) -> ZcError:
        """Why the server takes nothing any more: its last message says so, if it sent one."""
        # Held by this very thread, where a signal's handler closes a loader in the middle of `_pump`.
        if self._receiving.acquire(blocking=False):
            self._receiving.release()
            try:
                while self._pump():
                    pass
            except ZcError as error:
                return error
        return self._gone()

    def _gone(self) -> ZcError:
        if self._end is not None:
            return self._end
        words = self._process.last_words()
        return self._fail(
            ZcError("ZC_TORCH_SERVER_GONE", f"the server (process {self.server_pid}) has ended: {words}")
        )

    def _fail(self, error: ZcError) -> ZcError:
        """Ends the connection; every later call raises the same."""
        if self._end is None:
            self._end = error
            # The eventfd's number may be another file's by the time that the batches that are held end.
            for segment in (*self._segments.values(), *self._retired):
                segment.forget()
            self._farewells.clear()
            self._close_descriptors()
        return self._end

    def _close_descriptors(self) -> None:
        self._control.close()
        self._packets.close()
        if self._released >= 0:
            os.close(self._released)
            self._released = -1


_Pair = tuple[socket.socket, socket.socket]


def _new_descriptors() -> tuple[_Pair, _Pair, int]:
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


_ATOMIC_BYTES: Final = 4096
_MOMENT_MS: Final = 20
_shared: Client | None = None
_starting = threading.Lock()


def shared_client() -> Client:
    """This process's server, started if there is none that runs."""
    global _shared
    with _starting:
        if _shared is not None and not _shared.alive:
            _shared.close()
            _shared = None
        if _shared is None:
            _shared = Client()
        return _shared


def close_shared_client() -> None:
    """Ends this process's server, if there is one; the next use starts another."""
    global _shared
    if _shared is not None:
        _shared.close()
        _shared = None


def _after_fork_in_child() -> None:
    global _shared, _starting
    _starting = threading.Lock()
    if _shared is not None:
        _shared.fork()
        _shared = None


os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(close_shared_client)
