"""The connection to the server: one a process, shared by all its loaders, started when first needed."""

from __future__ import annotations

import atexit
import itertools
import os
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from . import answers, protocol
from .batch import Batch, BatchMaker
from .consumer_clock import ConsumerClock
from .core import IterationCounts, library
from .descriptors import new_descriptors
from .errors import ZcError
from .farewells import Farewells
from .node_programs import NODE_VERSION_MIN, node_missing
from .protocol import FrameStream, error_from, protocol_error
from .server_process import ServerProcess
from .shared_segments import SharedSegments

VERSION: Final = "0.1.0"


class Client:
    """A running server and the connection to it.

    Threads may use it side by side, each with its own loader. A forked child may not: every call there raises
    ZC_TORCH_FORKED, and the parent goes on.
    """

    def __init__(self) -> None:
        # First of all, while there is a descriptor to open it with.
        library()
        frames, packets, self._released = new_descriptors()
        self._control, their_control = frames
        self._packets, their_packets = packets
        self._stream = FrameStream(self._control)
        self._receiving = threading.Lock()
        # Reentrant, for a signal's handler may close a loader in the middle of another one's message.
        self._sending = threading.RLock()
        self._requests = itertools.count(1)
        self._loaders = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._inboxes: dict[int, deque[bytes]] = {}
        self._segments = SharedSegments(self._packets, self._released)
        self._farewells = Farewells(self._control)
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
        self._farewells.drop(number, iteration)
        self.tell(number, protocol.STOP, iteration)

    def end_iteration(self, number: int, iteration: int) -> None:
        """Forgets an iteration that the server knows to be over."""
        self._farewells.drop(number, iteration)

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

    def taker(
        self,
        maker: BatchMaker,
        number: int,
        iteration: int,
        counts: IterationCounts,
        clock: ConsumerClock,
    ) -> Callable[[], Batch | None]:
        """What takes the batches of an iteration without a look at them in Python."""
        return maker.taker(self._control.fileno(), (number, iteration), counts, clock, self._stream.shared)

    def await_message(
        self,
        inbox: deque[bytes],
        number: int,
        iteration: int,
        batch: Callable[[], int],
        taker: Callable[[], Batch | None] | None,
    ) -> Batch | None:
        """Waits until there is something in a loader's inbox, or until there is a batch for ``taker``.

        Where nothing has come yet, the server is told which ``batch`` this waits for.
        """
        self._check()
        told = -1
        while not inbox:
            if taker is not None and (taken := taker()) is not None:
                return taken
            if self._pump():
                continue
            if self._inboxes.get(number) is not inbox:
                raise ZcError("ZC_CLOSED", "the loader is closed")
            if told != (wanted := batch()):
                self.send(number, protocol.WAITING, iteration, wanted)
                told = wanted
            else:
                self._wait()
        return None

    def await_told(self, inbox: deque[bytes], number: int, until: Callable[[], bool]) -> None:
        """Waits for something in a loader's inbox, which the server sends by itself.

        ``until``: whether another thread has dealt with it already.
        """
        self._check()
        while not inbox and not until():
            if self._pump():
                continue
            if self._inboxes.get(number) is not inbox:
                raise ZcError("ZC_CLOSED", "the loader is closed")
            self._wait()

    def check(self) -> None:
        """Raises what every call here raises in a forked child, and once the connection has ended."""
        self._check()

    def look(self) -> bool:
        """Deals with the next message, for whomever it is; False where none has come. Waits for nothing."""
        return self._pump()

    def refuse(self, error: ZcError) -> ZcError:
        """Ends the connection with a server that breaks the protocol; every later call raises ``error``."""
        return self._fail(error)

    @property
    def segments(self) -> SharedSegments:
        """The shared memory that batches lie in."""
        return self._segments

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
            self._stream.shared.busy = 1
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
            finally:
                self._stream.shared.busy = not self._stream.drained()
        return True

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("type") == "segment":
            self._segments.announce(message)
        elif message.get("type") == "retired":
            self._segments.retire(message["segment"])
        elif not any(isinstance(message.get(key), dict) for key in ("ok", "error")):
            raise protocol_error(f"the server says what is neither an answer nor a notice: {message}")
        elif message.get("id") is None:
            raise error_from(message["error"])
        else:
            self._answers[message["id"]] = message

    def _bid_farewell(self, owner: object, number: int, kind: int, iteration: int) -> None:
        self._farewells.bid(owner, number, kind, iteration)
        # It names a descriptor, whose number may be another file's by now.
        if not self.alive:
            self._farewells.clear()

    def _sweep(self) -> None:
        """Forgets the loaders and iterations that are no more."""
        for number, iteration in self._farewells.said():
            if iteration == 0:
                self._forget_loader(number)
            else:
                self._farewells.drop(number, iteration)

    def _forget_loader(self, number: int) -> None:
        self._inboxes.pop(number, None)
        self._farewells.drop_loader(number)
        self._segments.leave(number)

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
            self._segments.forget()
            self._farewells.clear()
            self._close_descriptors()
        return self._end

    def _close_descriptors(self) -> None:
        self._stream.shared.closed = 1
        self._control.close()
        self._packets.close()
        if self._released >= 0:
            os.close(self._released)
            self._released = -1


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
