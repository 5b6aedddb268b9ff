"""The ids that a sampler of the user's own gives, on their way to the server."""

from __future__ import annotations

import copy
from array import array
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from . import protocol
from .errors import ZcError
from .progress import Progress
from .sampling import Drawn

#: Past so many ids that were sent and not made batches of, only the least is drawn ahead.
_IDS_AHEAD_MAX: Final = 2**22
#: A batch has at most so many.
_IDS_OF_BATCH_MAX: Final = 2**20
#: One batch more than is asked for is drawn, so that the last one is known to be it.
_BATCHES_AHEAD_MIN: Final = 2


class IdsAhead:
    """Draws ids ahead of time, in the thread that asks for batches.

    What the sampler raises is kept until the batch is asked for whose ids it did not give.
    """

    def __init__(
        self, batches: Iterator[Drawn], *, samples: int, progress: Progress, batches_ahead: int
    ) -> None:
        """``samples``: of the dataset. ``progress`` is told of states, and how many batches there are."""
        self._batches = batches
        self._samples = samples
        self._progress = progress
        #: For how many batches beyond those that were taken the server wants the ids.
        self.batches_ahead = batches_ahead
        self._drawn = 0
        #: Of the batches that were drawn and not taken.
        self._lengths: deque[int] = deque()
        self._ids_ahead = 0
        self._over = False
        self._failure: Exception | None = None

    def messages(self, taken: int) -> Iterator[tuple[int, bytes]]:
        """What is to be sent once so many batches were taken: kinds of messages, and their ids."""
        if self._over:
            return
        while len(self._lengths) > self._drawn - taken:
            self._ids_ahead -= self._lengths.popleft()
        while not self._over and self._is_wanted(self._drawn - taken):
            ids = self._next()
            # Where the sampler failed the server has nothing to wait for either.
            yield (protocol.LAST, b"") if ids is None else (protocol.IDS, ids.tobytes())

    def check(self, taken: int) -> None:
        """Raises what the sampler raised, where that keeps the next batch from being drawn."""
        if self._failure is not None and taken >= self._drawn:
            raise self._failure

    def _next(self) -> array[int] | None:
        """The ids of one more batch; None at the end, and where the sampler fails."""
        states = self._progress.sampler_states
        for behind in [number for number in states if number < self._progress.handed_out]:
            del states[behind]
        try:
            drawn = next(self._batches, None)
            if drawn is None:
                self._over = True
                self._progress.batches = self._drawn
                return None
            ids = self._checked(drawn.ids)
            if drawn.keeper is not None:
                states[self._drawn + 1] = copy.deepcopy(drawn.keeper.state_dict())
        # A KeyboardInterrupt is not the sampler's: it goes to the trainer at once.
        except Exception as error:
            self._over, self._failure = True, error
            return None
        self._drawn += 1
        self._lengths.append(len(ids))
        self._ids_ahead += len(ids)
        return ids

    def _is_wanted(self, ahead: int) -> bool:
        few = ahead < self.batches_ahead and self._ids_ahead < _IDS_AHEAD_MAX
        return few or ahead < _BATCHES_AHEAD_MIN

    def _checked(self, given: Any) -> array[int]:
        """A batch's ids as 8 bytes each. Python's integers, NumPy's and tensors of one element are ids."""
        try:
            ids = array("q", given.tolist() if hasattr(given, "tolist") else given)
        except (TypeError, OverflowError, ValueError, RuntimeError) as error:
            raise self._refused(f"gave {given!r:.200}: {error}") from error
        if not 0 < len(ids) <= _IDS_OF_BATCH_MAX:
            raise self._refused(f"gave {len(ids)} ids, expected 1 to {_IDS_OF_BATCH_MAX}")
        if min(ids) < 0 or max(ids) >= self._samples:
            at = next(at for at, number in enumerate(ids) if not 0 <= number < self._samples)
            raise ZcError(
                "ZC_INDEX_RANGE",
                f"the sampler gave {ids[at]} at place {at} of batch {self._drawn}, "
                f"and the dataset has {self._samples} samples",
                expected=self._samples,
                actual=ids[at],
                advice=f"A sampler's ids go from 0 to {self._samples - 1}.",
            )
        return ids

    def _refused(self, what: str) -> ZcError:
        return ZcError(
            "ZC_ARGUMENT",
            f"for batch {self._drawn} the sampler {what}",
            advice="A sampler gives whole numbers, the ids of samples; a batch_sampler gives lists of them.",
        )
