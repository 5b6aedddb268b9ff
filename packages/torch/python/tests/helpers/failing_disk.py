"""A disk that loses its end: ext4 on a loop device whose backing file is cut."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_BYTES = 32 << 20


class FailingDisk:
    """A mounted file system of 32 MiB."""

    def __init__(self, root: Path) -> None:
        self.image = root / "disk"
        self.folder = root / "mounted"
        self.folder.mkdir()
        with self.image.open("wb") as file:
            file.truncate(DISK_BYTES)
        _run("mkfs.ext4", "-q", "-b", "4096", "-O", "^has_journal", "-m", "0", self.image)
        _run("mount", "-o", "loop,noatime", self.image, self.folder)

    def forget_pages(self) -> None:
        """Mounts it anew, so that nothing of its files is in the page cache."""
        _run("umount", self.folder)
        _run("mount", "-o", "loop,noatime,ro", self.image, self.folder)

    def fail_from(self, offset_bytes: int) -> None:
        """From now on the device has no bytes behind the offset: reads there end with EIO."""
        os.truncate(self.image, offset_bytes)

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=False, capture_output=True)


def why_no_disk() -> str | None:
    """Why this machine does not let us mount one; nothing where it does."""
    if os.geteuid() != 0:
        return "mounting a loop device needs root"
    if not os.path.exists("/dev/loop-control"):
        return "there is no /dev/loop-control"
    missing = [name for name in ("mkfs.ext4", "mount", "umount") if shutil.which(name) is None]
    if missing:
        return f"there is no {missing[0]}"
    try:
        with failing_disk():
            return None
    except subprocess.CalledProcessError as error:
        return f"mounting a loop device is refused: {error.stderr.strip()}"


@contextmanager
def failing_disk() -> Iterator[FailingDisk]:
    root = Path(tempfile.mkdtemp(prefix="zc-disk-"))
    disk: FailingDisk | None = None
    try:
        disk = FailingDisk(root)
        yield disk
    finally:
        if disk is not None:
            disk.unmount()
        shutil.rmtree(root, ignore_errors=True)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
