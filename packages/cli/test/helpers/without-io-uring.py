"""Runs a command under a seccomp filter that refuses io_uring, as the default profiles of containers do.

python3 without-io-uring.py COMMAND [ARGUMENT...]
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
IO_URING_SETUP, IO_URING_REGISTER = 425, 427  # the same on every architecture

LOAD_NUMBER, JUMP_BELOW, JUMP_ABOVE, RETURN = 0x20, 0x35, 0x25, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


def instruction(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, when_true, when_false, value)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


program = b"".join(
    [
        instruction(LOAD_NUMBER, 0),
        instruction(JUMP_BELOW, IO_URING_SETUP, 0, 2),  # at least setup, else allow
        instruction(JUMP_ABOVE, IO_URING_REGISTER, 1, 0),  # above register: allow
        instruction(RETURN, REFUSE),
        instruction(RETURN, ALLOW),
    ]
)
held = ctypes.create_string_buffer(program, len(program))
libc = ctypes.CDLL(None, use_errno=True)
seccomp = Program(len(program) // 8, ctypes.addressof(held))
for arguments in [
    (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
    (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(seccomp), 0, 0),
]:
    if libc.prctl(*arguments) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
os.execvp(sys.argv[1], sys.argv[1:])
