"""Leases over a memfd made here: who holds a slot, until when, and what the control words say."""

from __future__ import annotations

import fcntl
import gc
import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from helpers.interrupts import Interrupts
from zero_copy_loader import ZcError
from zero_copy_loader.lease import Segment

SLOTS, SLOT_BYTES, CONTROL_BYTES = 3, 8192, 4096
SIZE_BYTES = CONTROL_BYTES + SLOTS * SLOT_BYTES
F_ADD_SEALS, SEALS = 1033, 0x1 | 0x2 | 0x4


@dataclass
class Server:
    """The server's side of a segment."""

    fd: int
    event: int

    def words(self, slot: int) -> tuple[int, int]:
        """The slot's control words: released, taken."""
        released, taken = np.frombuffer(os.pread(self.fd, 8, 8 * slot), "<u4").tolist()
        return released, taken

    def ended(self) -> int:
        """How many leases have ended since this was asked last."""
        try:
            return os.eventfd_read(self.event)
        except BlockingIOError:
            return 0

    def map(self) -> Segment:
        return Segment(
            self.fd,
            size_bytes=SIZE_BYTES,
            control_bytes=CONTROL_BYTES,
            slots=SLOTS,
            slot_bytes=SLOT_BYTES,
            released=self.event,
        )


@pytest.fixture
def server() -> Iterator[Server]:
    fd = os.memfd_create("slots", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.ftruncate(fd, SIZE_BYTES)
    fcntl.fcntl(fd, F_ADD_SEALS, SEALS)
    event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
    yield Server(fd, event)
    os.close(fd)
    os.close(event)


def test_a_slot_is_shared_memory(server: Server) -> None:
    segment = server.map()
    array = np.frombuffer(segment.take(1, 1), np.uint8)
    array[:] = 7
    assert os.pread(server.fd, SLOT_BYTES, CONTROL_BYTES + SLOT_BYTES) == b"\x07" * SLOT_BYTES
    assert array.ctypes.data == segment.address + CONTROL_BYTES + SLOT_BYTES


def test_taking_is_written_at_once_and_the_end_with_the_last_alias(server: Server) -> None:
    segment = server.map()
    memory = segment.take(2, 9)
    assert server.words(2) == (0, 9)
    first = np.ndarray((16,), np.int32, memory, 0)
    second = np.ndarray((4, 4), np.uint8, memory, 4096)
    view = second[1:, ::2].T
    del memory, first, second
    gc.collect()
    assert (server.words(2), server.ended()) == ((0, 9), 0)
    del view
    assert (server.words(2), server.ended()) == ((9, 9), 1)
    assert server.words(1) == (0, 0)


def test_a_slot_can_be_lent_again_and_again(server: Server) -> None:
    segment = server.map()
    for generation in range(1, 50):
        del_me = segment.take(0, generation)
        assert server.words(0) == (generation - 1, generation)
        del del_me
    assert (server.words(0), server.ended()) == ((49, 49), 49)


def test_arrays_outlive_the_segment_object(server: Server) -> None:
    segment = server.map()
    array = np.frombuffer(segment.take(0, 1), np.uint8)
    segment.forget()
    del segment
    gc.collect()
    os.pwrite(server.fd, b"\x05", CONTROL_BYTES)
    assert array[0] == 5
    del array
    assert (server.words(0), server.ended()) == ((0, 1), 0)


def test_a_forked_child_ends_no_lease_of_its_parent(server: Server) -> None:
    segment = server.map()
    memory = segment.take(0, 3)
    child = os.fork()
    if child == 0:
        del memory
        os._exit(0)
    os.waitpid(child, 0)
    assert (server.words(0), server.ended()) == ((0, 3), 0)
    del memory
    assert (server.words(0), server.ended()) == ((3, 3), 1)


def test_an_interrupt_that_comes_with_the_end_of_a_lease_is_not_swallowed(server: Server) -> None:
    """A finalizer in Python would print the KeyboardInterrupt and go on."""
    segment = server.map()
    generation = 0
    interrupts = Interrupts(interval_s=0.001)

    def step() -> bool:
        nonlocal generation
        for _ in range(1000):
            generation += 1
            np.ndarray((4,), np.uint8, segment.take(0, generation))
        return interrupts.raised < 50

    interrupts.disturb(step)
    assert interrupts.sent == interrupts.raised >= 50


@pytest.mark.parametrize(
    ("size", "slots", "sealed"),
    [(SIZE_BYTES + 4096, SLOTS, True), (SIZE_BYTES, SLOTS + 1, True), (SIZE_BYTES, SLOTS, False)],
    ids=["shorter than announced", "more slots than room", "not sealed"],
)
def test_a_segment_that_could_fault_is_refused(size: int, slots: int, sealed: bool) -> None:
    fd = os.memfd_create("slots", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    try:
        os.ftruncate(fd, SIZE_BYTES)
        if sealed:
            fcntl.fcntl(fd, F_ADD_SEALS, SEALS)
        with pytest.raises(ZcError, match="ZC_TORCH_PROTOCOL"):
            Segment(
                fd,
                size_bytes=size,
                control_bytes=CONTROL_BYTES,
                slots=slots,
                slot_bytes=SLOT_BYTES,
                released=-1,
            )
    finally:
        os.close(fd)


def test_a_slot_beyond_the_segment_is_refused(server: Server) -> None:
    with pytest.raises(ZcError, match="ZC_TORCH_PROTOCOL"):
        server.map().take(SLOTS, 1)
