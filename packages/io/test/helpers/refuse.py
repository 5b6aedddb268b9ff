"""Runs a program in which a system call fails: refuse.py CALL ERRNO PROGRAM [ARGUMENT...]

CALL is io_uring_setup or memfd_create. The way a container's seccomp profile does it (with EPERM).
"""

import ctypes
import os
import platform
import struct
import sys

PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_RET_ERRNO = 0x00050000
NUMBERS = {
    "io_uring_setup": 425,  # on every architecture
    "memfd_create": 319 if platform.machine() == "x86_64" else 279,
}

LOAD_WORD = 0x20
JUMP_IF_EQUAL = 0x15
RETURN = 0x06


def instruction(code: int, if_true: int, if_false: int, operand: int) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, operand)


def refuse(number: int, error: int) -> None:
    program = (
        instruction(LOAD_WORD, 0, 0, 0)  # the number of the system call
        + instruction(JUMP_IF_EQUAL, 0, 1, number)
        + instruction(RETURN, 0, 0, SECCOMP_RET_ERRNO | error)
        + instruction(RETURN, 0, 0, SECCOMP_RET_ALLOW)
    )
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_SECCOMP")


refuse(NUMBERS[sys.argv[1]], int(sys.argv[2]))
os.execvp(sys.argv[3], sys.argv[3:])
