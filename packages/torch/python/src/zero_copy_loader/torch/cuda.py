"""Batches for a CUDA device: pinned memory, and copies on a stream of their own."""

from __future__ import annotations

import threading
import warnings
import weakref
from typing import Any, Final

import torch

from ..errors import ZcError
from ..lease import Segment
from .nested import map_tensors, tensors_of
from .stream_leases import HeldUntil, StreamLeases

_cuda: Any = torch.cuda
#: cudaErrorHostMemoryAlreadyRegistered: by the program itself, which is as good.
_ALREADY_REGISTERED: Final = 712


def device_of(device: Any) -> torch.device | None:
    """The CUDA device that is meant; None for the CPU. Raises ZC_ARGUMENT for any other."""
    if device is None:
        return None
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ZcError("ZC_ARGUMENT", f"device is {device!r}, which torch does not know: {error}") from error
    if found.type not in ("cpu", "cuda"):
        raise ZcError(
            "ZC_ARGUMENT",
            f"batches can be handed out on cpu and cuda, not on {found}",
            advice="Leave device out and move the batch in the loop: tensor.to(device).",
        )
    return found if found.type == "cuda" else None


class Cuda:
    """What one loader does with CUDA, for the device that was current when its first iteration began."""

    def __init__(self, device: torch.device | None) -> None:
        """``device``: where batches are handed out; None leaves them in pinned memory."""
        index = _cuda.current_device() if device is None or device.index is None else device.index
        if index >= _cuda.device_count():
            raise ZcError(
                "ZC_ARGUMENT",
                f"there is no device cuda:{index}",
                expected=f"one of {_cuda.device_count()} devices",
                actual=index,
            )
        self.device = torch.device("cuda", index)
        #: Whether batches are handed out on the device.
        self.copies = device is not None
        self._held = HeldUntil()
        self._stream = None if device is None else _cuda.Stream(self.device)
        #: Where the training loop copies by itself.
        self.leases = StreamLeases(self._record, self._held) if device is None else None

    def pin(self, segment: Segment) -> None:
        """Registers a segment of slots with CUDA, once, in the background: it takes 0.1 s a GiB and more.

        Until then, and where it is refused, copies from it are ordinary ones.
        """
        threading.Thread(
            target=_register,
            args=(weakref.ref(segment), self.device),
            name="zero-copy-loader-pin",
            daemon=True,
        ).start()

    def pinned(self, value: Any) -> Any:
        """What the user's functions made, in pinned memory: tensors of the slot are there already."""
        return map_tensors(value, lambda tensor: tensor if _stays(tensor) else tensor.pin_memory(self.device))

    def copy(self, value: Any) -> DeviceCopy:
        """Begins to copy tensors to the device, on the loader's own stream."""
        if self._stream is None:
            raise ZcError("ZC_INTERNAL", "there is no stream for copies")
        with _cuda.stream(self._stream):
            # What is current here is the stream of copies; the memory of the results is its own, too.
            copied = map_tensors(value, lambda tensor: tensor.to(self.device, non_blocking=True))
            event = self._record()
        # The slot, or whatever it was copied from.
        self._held.hold(event, value)
        return DeviceCopy(copied, event, self.device)

    def _record(self) -> Any:
        event = _cuda.Event(blocking=True)
        event.record(_cuda.current_stream(self.device))
        return event


class DeviceCopy:
    """A batch on its way to the device."""

    done = True

    def __init__(self, value: Any, event: Any, device: torch.device) -> None:
        self._value = value
        self._event = event
        self._device = device

    def result(self) -> Any:
        """The batch on the device. The stream that is current here waits for the copy; the CPU does not."""
        stream = _cuda.current_stream(self._device)
        stream.wait_event(self._event)
        for tensor in tensors_of(self._value):
            # The allocator must not give its memory to the copying stream while this one works with it.
            tensor.record_stream(stream)
        return self._value


def warn_without_cuda() -> None:
    """Says that there is nothing to pin memory for."""
    warnings.warn(
        "zero_copy_loader: there is no CUDA device: device= and pin_memory= have no effect, batches stay in "
        "ordinary memory of the CPU",
        stacklevel=5,
    )


def _stays(tensor: torch.Tensor) -> bool:
    return tensor.is_cuda or tensor.is_pinned()


def _register(reference: weakref.ref[Segment], device: torch.device) -> None:
    segment = reference()
    if segment is None:
        return
    cudart = _cuda.cudart()
    # A thread has a current device of its own; without this it would make a context on the first one.
    with _cuda.device(device):
        code = int(cudart.cudaHostRegister(segment.address, segment.size_bytes, 0))
    if code == _ALREADY_REGISTERED:
        return
    if code != 0:
        warnings.warn(
            f"zero_copy_loader: CUDA does not pin {segment.size_bytes} bytes of shared memory "
            f"(error {code}), so copies from it are ordinary ones",
            stacklevel=2,
        )
        return
    # The map is kept until it is registered no more; the process's end needs neither.
    unpin = weakref.finalize(segment, _unregister, segment.address, segment.handle, device)
    unpin.atexit = False


def _unregister(address: int, _mapped: object, device: torch.device) -> None:
    with _cuda.device(device):
        _cuda.cudart().cudaHostUnregister(address)
