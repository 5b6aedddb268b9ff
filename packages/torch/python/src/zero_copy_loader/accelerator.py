"""What a loader expects of whoever makes its batches ready for a device."""

from __future__ import annotations

from typing import Any, Protocol

from .ahead import Work
from .lease import Segment


class Leases(Protocol):
    """Has a say in when the lease of a batch ends."""

    def guard(self, memory: Any) -> Any:
        """What the trainer's arrays are to lie in, in the place of a slot's memory."""
        ...

    def flush(self) -> None:
        """Called in the trainer's thread whenever a batch is asked for."""
        ...


class Accelerator(Protocol):
    @property
    def copies(self) -> bool:
        """Whether batches are handed out on the device, by `copy`."""
        ...

    @property
    def leases(self) -> Leases | None:
        """Where the training loop gets the slots' own memory and copies it by itself."""
        ...

    def pin(self, segment: Segment) -> None:
        """Makes copies from a segment of slots fast. Waits for nothing."""
        ...

    def pinned(self, value: Any) -> Any:
        """What the user's functions made, in memory from which copies are fast."""
        ...

    def copy(self, value: Any) -> Work:
        """Begins to copy what the training loop is to get to the device."""
        ...
