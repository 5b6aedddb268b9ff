"""A file whose reads never end: stuck-file.py FOLDER

Mounts a file system (FUSE, spoken without a library) on FOLDER with one file, `data`, of 1 MiB of zeros. Its
second half is never answered. Says "mounted" once it is, then "asked" for the first read that it keeps;
ends, and every read with it, when its standard input does.
"""

import ctypes
import os
import select
import struct
import sys

FILE_BYTES = 1 << 20
ANSWERED_BYTES = FILE_BYTES // 2
ROOT, DATA = 1, 2
LOOKUP, FORGET, GETATTR, OPEN, READ = 1, 2, 3, 14, 15
RELEASE, FLUSH, INIT, INTERRUPT, BATCH_FORGET = 18, 25, 26, 36, 42
ENOENT, ENOSYS = 2, 38
MNT_DETACH = 2


def attributes(node: int) -> bytes:
    mode, size = (0o040755, 0) if node == ROOT else (0o100644, FILE_BYTES)
    return struct.pack("<6Q10I", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(opcode: int, node: int, body: bytes) -> "tuple[int, bytes] | None":
    """An error number and the answer's body; nothing where there is none."""
    if opcode == INIT:
        # Version 7.31; no read-ahead, so that what is asked for is what somebody waits for.
        limits = struct.pack("<4I2HI", 7, 31, 0, 0, 8, 8, 1 << 20)
        return 0, limits + struct.pack("<I2HI7I", 1, 32, 0, *[0] * 8)
    if opcode == LOOKUP:
        if body.rstrip(b"\0") != b"data":
            return ENOENT, b""
        return 0, struct.pack("<4Q2I", DATA, 0, 3600, 3600, 0, 0) + attributes(DATA)
    if opcode == GETATTR:
        return 0, struct.pack("<QII", 3600, 0, 0) + attributes(node)
    if opcode == OPEN:
        return 0, struct.pack("<QII", 0, 0, 0)
    if opcode == READ:
        offset, size = struct.unpack_from("<QI", body, 8)
        if offset + size > ANSWERED_BYTES:
            print("asked", flush=True)
            return None
        return 0, bytes(size)
    if opcode in (RELEASE, FLUSH):
        return 0, b""
    return None if opcode in (FORGET, BATCH_FORGET, INTERRUPT) else (ENOSYS, b"")


def serve(device: int) -> None:
    while True:
        ready, _, _ = select.select([device, sys.stdin], [], [])
        if sys.stdin in ready and not os.read(sys.stdin.fileno(), 100):
            return
        if device not in ready:
            continue
        request = os.read(device, (1 << 20) + 4096)
        _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
        answered = answer(opcode, node, request[40:])
        if answered is not None:
            error, body = answered
            os.write(device, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)


def main() -> None:
    folder = os.fsencode(sys.argv[1])
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"zc-stuck", folder, b"fuse", 0, options) != 0:
        sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
    print("mounted", flush=True)
    try:
        serve(device)
    finally:
        os.close(device)
        libc.umount2(folder, MNT_DETACH)


main()
