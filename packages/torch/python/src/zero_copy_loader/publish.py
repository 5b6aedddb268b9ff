"""Makes a directory appear all at once (shard-format section 11, Publishing)."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

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
        with writing(target):
            self._refuse_existing()
            self._parent.mkdir(parents=True, exist_ok=True)
            self._claim()

    def publish(self) -> None:
        """Flushes the directory and gives it the target's name; its files have been flushed already."""
        with writing(self.target):
            os.unlink(os.path.join(self.path, OWNER_NAME))
            flush_directory(self.path)
            self._refuse_existing()
            replaced = self._move_aside()
            os.rename(self.path, self._absolute)
            flush_directory(str(self._parent))
            if replaced is not None:
                shutil.rmtree(replaced)

    def discard(self) -> None:
        """Removes the directory and all that is in it."""
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
        if not held or (self._overwrite and MANIFEST_NAME in held):
            return
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

    def _move_aside(self) -> str | None:
        """What is replaced goes aside first; an empty directory is replaced by the renaming itself."""
        if not os.path.isdir(self._absolute) or not os.listdir(self._absolute):
            return None
        aside = tempfile.mkdtemp(prefix=f"{os.path.basename(self.path)}-replaced-", dir=self._parent)
        os.rename(self._absolute, aside)
        return aside

    def _claim(self) -> None:
        """Makes the directory this process's own: it appears with its owner in it, never without."""
        staged = tempfile.mkdtemp(prefix=f"{os.path.basename(self.path)}-", dir=self._parent)
        try:
            owner = {"pid": os.getpid(), "startTime": _start_time(os.getpid())}
            Path(staged, OWNER_NAME).write_text(json.dumps(owner))
            # mkdtemp() lets nobody else in; a dataset is as open as any new directory.
            os.chmod(staged, 0o777 & ~_umask())
            while True:
                try:
                    os.rename(staged, self.path)
                    return
                except OSError as error:
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
                self._remove_abandoned()
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise

    def _remove_abandoned(self) -> None:
        owner = _read_owner(self.path)
        if owner is not None and _is_alive(*owner):
            raise ZcError(
                "ZC_FORMAT_BUSY", f"process {owner[0]} is writing here", path=self.target, actual=owner[0]
            )
        # Two processes may find it abandoned at once: only one of them can move it away.
        aside = tempfile.mkdtemp(prefix=f"{os.path.basename(self.path)}-abandoned-", dir=self._parent)
        with contextlib.suppress(FileNotFoundError):
            os.rename(self.path, aside)
        shutil.rmtree(aside, ignore_errors=True)


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
    except ProcessLookupError:
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


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
