"""Makes a directory appear all at once (shard-format section 11, Publishing)."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from .errors import ZcError
from .manifest import MANIFEST_NAME

OWNER_NAME: Final = "owner.json"


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Turns the system's refusals into ZC_IO_WRITE."""
    try:
        yield
    except OSError as error:
        raise ZcError("ZC_IO_WRITE", f"writing failed: {error}", path=path, errno=error.errno) from error


def open_exclusively(path: str) -> IO[bytes]:
    """An empty file for this writer alone; one that a dead process left is taken over. Raises ZC_FORMAT_BUSY.

    The lock ends with the descriptor, however its process ends.
    """
    while True:
        file = open(path, "ab")  # noqa: SIM115 (the caller closes it)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between opening and locking, the writer before may have given the file its final name.
            if os.path.lexists(path) and os.path.samestat(os.stat(path), os.fstat(file.fileno())):
                file.truncate(0)
                return file
        except BlockingIOError:
            file.close()
            raise ZcError("ZC_FORMAT_BUSY", "another writer is writing here", path=path) from None
        except BaseException:
            file.close()
            raise
        file.close()


class PartialDirectory:
    """The directory beside ``target`` in which a dataset is written, until `publish` renames it.

    It holds a file that names the process which owns it. One that a dead process left is removed.

    Raises ZC_IO_EXISTS where the target holds something and may not be replaced, ZC_FORMAT_BUSY where
    another process writes it, ZC_IO_WRITE.
    """

    def __init__(self, target: str, *, overwrite: bool) -> None:
        self.target = target
        self._overwrite = overwrite
        absolute = Path(os.path.abspath(target))
        self._parent = absolute.parent
        self._absolute = absolute
        self.path = str(absolute.with_name(f".{absolute.name}.zc-partial"))
        self._replaced = f"{self.path}-replaced"
        self._owner = (os.getpid(), _start_time(os.getpid()))
        with writing(target):
            self._parent.mkdir(parents=True, exist_ok=True)
            self._claim()
            try:
                self._sweep()
                self._settle_replaced()
                self._refuse_existing()
            except BaseException:
                self.discard()
                raise

    def publish(self) -> None:
        """Flushes the directory and gives it the target's name; its files have been flushed already."""
        with writing(self.target):
            if _read_owner(self.path) != self._owner:
                raise ZcError(
                    "ZC_FORMAT_BUSY", "the partial directory is no longer this writer's", path=self.path
                )
            flush_directory(self.path)
            self._refuse_existing()
            self._exchange()
            # Until it has its name it must have an owner, or another writer would take it for abandoned.
            os.unlink(self._absolute / OWNER_NAME)
            flush_directory(str(self._absolute))
            flush_directory(str(self._parent))
            shutil.rmtree(self._replaced, ignore_errors=True)

    def discard(self) -> None:
        """Removes the directory and all that is in it, where it is still this writer's."""
        if _read_owner(self.path) == self._owner:
            shutil.rmtree(self.path, ignore_errors=True)

    def _refuse_existing(self) -> None:
        """A target that holds something is refused; a dataset may be replaced where that was asked for."""
        try:
            held = os.listdir(self._absolute)
        except FileNotFoundError:
            return
        except NotADirectoryError as error:
            raise ZcError(
                "ZC_IO_EXISTS", "there is a file where the dataset is to be", path=self.target
            ) from error
        if not held:
            return
        if self._overwrite and MANIFEST_NAME in held:
            foreign = next((name for name in held if not _is_of_dataset(name)), None)
            if foreign is None:
                return
            raise ZcError(
                "ZC_IO_EXISTS",
                f'the target holds "{foreign}" besides a dataset: it is not replaced',
                path=self.target,
                advice="What is replaced is removed with all that it holds: move the rest away.",
            )
        if self._overwrite:
            raise ZcError(
                "ZC_IO_EXISTS",
                "the target holds files and is no dataset: it is not replaced",
                path=self.target,
            )
        raise ZcError(
            "ZC_IO_EXISTS",
            "the target holds files already",
            path=self.target,
            advice="Remove it, write to another directory, or pass overwrite=True.",
        )

    def _exchange(self) -> None:
        """Gives the directory the target's name; what lay there waits aside, and comes back if that fails."""
        replaces = self._overwrite and self._absolute.exists()
        if replaces:
            os.rename(self._absolute, self._replaced)
        try:
            os.rename(self.path, self._absolute)
        except BaseException:
            if replaces:
                os.rename(self._replaced, self._absolute)
            raise

    def _settle_replaced(self) -> None:
        """Ends a replacement during which a process died: the old comes back where the new did not arrive."""
        if not os.path.exists(self._replaced):
            return
        if self._absolute.exists():
            shutil.rmtree(self._replaced)
        else:
            os.rename(self._replaced, self._absolute)

    def _claim(self) -> None:
        """Makes the directory this process's own: it appears with its owner in it, never without."""
        pid, start_time = self._owner
        staged = f"{self.path}-{pid}-{start_time or 0}-{uuid.uuid4()}"
        os.mkdir(staged)
        try:
            Path(staged, OWNER_NAME).write_text(json.dumps({"pid": pid, "startTime": start_time}))
            while True:
                try:
                    os.rename(staged, self.path)
                    return
                except OSError as error:
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
                self._remove_abandoned(f"{staged}-abandoned")
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise

    def _remove_abandoned(self, aside: str) -> None:
        self._refuse_alive(_read_owner(self.path))
        # Two processes may find it abandoned at once: only one of them can move it away.
        try:
            os.rename(self.path, aside)
        except FileNotFoundError:
            return
        try:
            # Since the look at its owner it may have become another process's.
            self._refuse_alive(_read_owner(aside))
        except ZcError:
            os.rename(aside, self.path)
            raise
        shutil.rmtree(aside, ignore_errors=True)

    def _refuse_alive(self, owner: tuple[int, str | None] | None) -> None:
        if owner is not None and _is_alive(*owner):
            if owner[0] == os.getpid():
                what = f"another writer of this process ({owner[0]}) has not finished"
                advice = "finish() or abort() that one first, or use writers in a `with` block."
            else:
                what, advice = f"process {owner[0]} is writing here", None
            raise ZcError("ZC_FORMAT_BUSY", what, path=self.target, actual=owner[0], advice=advice)

    def _sweep(self) -> None:
        """Removes what processes left that died while they were claiming: these names tell whose they are."""
        claim = re.compile(re.escape(os.path.basename(self.path)) + r"-(\d+)-(\d+)-")
        for name in os.listdir(self._parent):
            match = claim.match(name)
            if match and not _is_alive(int(match[1]), None if match[2] == "0" else match[2]):
                shutil.rmtree(self._parent / name, ignore_errors=True)


def _is_of_dataset(name: str) -> bool:
    """Whether writers of datasets make files of such a name, or it is hidden."""
    own = (MANIFEST_NAME, OWNER_NAME, "journal.jsonl")
    return name.startswith(".") or name.endswith(".zcs") or name in own


def _read_owner(directory: str) -> tuple[int, str | None] | None:
    """Pid and start of the process that a partial directory names; None where it names none."""
    try:
        owner = json.loads(Path(directory, OWNER_NAME).read_text())
        pid, start_time = owner["pid"], owner["startTime"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (pid, start_time) if isinstance(pid, int) and pid > 0 else None


def _is_alive(pid: int, start_time: str | None) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        # It lives, and belongs to another user.
        pass
    return start_time is None or start_time == _start_time(pid)


def flush_directory(path: str) -> None:
    """Makes the entries of a directory last (fsync)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _start_time(pid: int) -> str | None:
    """When a process started, in clock ticks since boot (proc_pid_stat(5), field 22); None if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field, a name in parentheses, may hold spaces.
    return stat.rpartition(")")[2].split()[19]
