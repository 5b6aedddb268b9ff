"""What every iteration that a server takes part in has: its number there, how far it is, and its end."""

from __future__ import annotations

import threading
from typing import Any

from . import protocol
from .errors import ZcError
from .job_share import Share
from .progress import Progress
from .session import Session


class ServerIteration:
    """One pass over an epoch, or over what is left of it. It ends for good with the first exception."""

    def __init__(self, loader: object, session: Session, progress: Progress) -> None:
        client = session.client
        session.iterations += 1
        self._id = session.iterations
        # The loader's own end would close the session that this iterates over.
        self._loader = loader
        self._client = client
        self._number = session.number
        self._progress = progress
        self._counts = progress.counts
        self._inbox = client.inbox(session.number)
        # Whether a newer iteration has taken this one's batches from whoever still asks for them.
        self._superseded = False
        # Held while a message is dealt with, so that no thread takes a batch that another one gives back.
        self._turn = threading.RLock()
        client.stop_with(self, session.number, self._id)

    def _begin(self, share: Share, **how: Any) -> None:
        """Asks the server to begin."""
        epoch, position, _ = self._progress.begin
        where = {"epoch": epoch, "position": position, "rank": share.rank, "world_size": share.world_size}
        self._client.request("iterate", loader=self._number, iteration=self._id, **{**where, **how})

    @property
    def _taken(self) -> int:
        """Batches that were taken."""
        return int(self._counts.taken)

    @property
    def _over(self) -> bool:
        return bool(self._counts.over)

    def stop(self) -> None:
        """Gives the batches that were not handed out back to the server."""
        with self._turn:
            if self._over:
                return
            self._finish()
        self._client.stop(self._number, self._id)

    def supersede(self) -> None:
        """Ends it for a newer one of its loader: the next batch raises, unless all were handed out."""
        with self._turn:
            self._superseded = not self._over and not self._progress.finished
            self.stop()

    def _end(self) -> Exception:
        if self._superseded:
            return ZcError("ZC_SUPERSEDED", "a newer iteration of this loader has begun")
        return StopIteration()

    def _fail(self, error: BaseException) -> None:
        """Ends it with an exception, and the connection too where the server has broken the protocol."""
        if isinstance(error, ZcError) and error.code == "ZC_TORCH_PROTOCOL":
            self._client.refuse(error)
        self.stop()

    def _finish(self) -> None:
        self._counts.over = 1
        self._inbox.clear()
        # For another thread that waits for the next batch.
        self._inbox.append(protocol.encode_end(self._id))
