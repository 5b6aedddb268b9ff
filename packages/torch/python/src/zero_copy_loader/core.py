"""The native core, libzc_core.so, through ctypes: maps that survive truncation, CRC32C, gathering of rows.

Every function here runs without the interpreter lock but for those that are shorter than giving it up.
"""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .errors import ZcError

#: The version of packages/io/native/capi/zc_core.h that the declarations below follow.
ABI_VERSION: Final = 4
LIBRARY_NAME: Final = "libzc_core.so"

Bytes = npt.NDArray[np.uint8]

_NO_OFFSET = 2**64 - 1
_POINTER = ctypes.c_void_p
_U64 = ctypes.c_uint64
_U32 = ctypes.c_uint32
_I32 = ctypes.c_int32


class _Error(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_int32),
        ("sys_errno", ctypes.c_int32),
        ("offset", ctypes.c_uint64),
        ("message", ctypes.c_char * 512),
    )


class _Ranges(ctypes.Structure):
    _fields_ = (
        ("maps", ctypes.c_void_p),
        ("offsets", ctypes.c_void_p),
        ("lengths", ctypes.c_void_p),
        ("length", ctypes.c_uint64),
        ("count", ctypes.c_uint64),
        ("destination", ctypes.c_void_p),
        ("destination_bytes", ctypes.c_uint64),
        ("places", ctypes.c_void_p),
        ("checksums", ctypes.c_void_p),
        ("checked", ctypes.c_void_p),
    )


class TensorField(ctypes.Structure):
    """A field whose rows have one shape; the type is in the words of DLPack."""

    _fields_ = (
        ("row_shape", ctypes.POINTER(ctypes.c_int64)),
        ("dimensions", ctypes.c_uint32),
        ("type_code", ctypes.c_uint8),
        ("type_bits", ctypes.c_uint8),
    )


class IterationCounts(ctypes.Structure):
    """How far an iteration is; batches that are taken whole by the native core are counted there."""

    _fields_ = (
        ("taken", ctypes.c_uint64),
        ("handed_out", ctypes.c_uint64),
        ("given_at", ctypes.c_double),
        ("over", ctypes.c_uint32),
        ("asking", ctypes.c_uint32),
    )


class ClockCounts(ctypes.Structure):
    """What `ConsumerClock` counts, in the native core as well."""

    _fields_ = (
        ("waited_ms", ctypes.c_double),
        ("step_ms", ctypes.c_double),
        ("stalls", ctypes.c_uint64),
        ("ready_batches", ctypes.c_uint64),
        ("asked_at", ctypes.c_double),
        ("ready", ctypes.c_uint64),
    )


class GatheredCounts(ctypes.Structure):
    """What this process has gathered of batches that a server might have read."""

    _fields_ = (
        ("batches", ctypes.c_uint64),
        ("samples", ctypes.c_uint64),
        ("bytes", ctypes.c_uint64),
        ("copy_ms", ctypes.c_double),
    )

    def to_json(self) -> dict[str, float]:
        return {name: getattr(self, name) for name, _ in self._fields_}


class StreamCounts(ctypes.Structure):
    """A socket that frames are read from, here and by the native core."""

    _fields_ = (("received_bytes", ctypes.c_uint64), ("busy", ctypes.c_uint32), ("closed", ctypes.c_uint32))


_ERROR = ctypes.POINTER(_Error)
_OBJECT = ctypes.py_object
_DECLARATIONS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "zc_abi_version": (_U32, []),
    "zc_version": (ctypes.c_char_p, []),
    "zc_error_name": (ctypes.c_char_p, [_I32]),
    "zc_map_open": (_I32, [ctypes.c_char_p, ctypes.POINTER(_POINTER), _ERROR]),
    "zc_map_address": (_POINTER, [_POINTER]),
    "zc_map_size": (_U64, [_POINTER]),
    "zc_map_populate": (_I32, [_POINTER, _U64, _U64, _ERROR]),
    "zc_map_willneed": (_I32, [_POINTER, _U64, _U64, _ERROR]),
    "zc_map_resident": (_I32, [_POINTER, _U64, _U64, ctypes.POINTER(_U64), _ERROR]),
    "zc_map_check": (_I32, [_POINTER, _ERROR]),
    "zc_map_close": (None, [_POINTER]),
    "zc_crc32c": (_U32, [_POINTER, _U64, _U32]),
    "zc_sum64": (_U64, [_POINTER, _U64]),
    "zc_gather": (_I32, [_POINTER, _POINTER, _U64, _U64, _POINTER, _ERROR]),
    "zc_gather_ranges": (_I32, [ctypes.POINTER(_Ranges), ctypes.POINTER(_U64), _ERROR]),
}
#: Called with the interpreter lock held: they make objects, or are shorter than giving it up.
_SHORT_DECLARATIONS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "zc_map_poisoned": (_I32, [_POINTER]),
    "zc_slot_release": (None, [_POINTER, _U32]),
    "zc_py_available": (_I32, []),
    "zc_py_segment": (_OBJECT, [ctypes.c_int, _U64, _U64, _U32, _U64, ctypes.c_int, _ERROR]),
    "zc_py_segment_address": (_POINTER, [_OBJECT]),
    "zc_py_segment_leases": (_U32, [_OBJECT]),
    "zc_py_segment_forget": (None, [_OBJECT]),
    "zc_py_lease": (_OBJECT, [_OBJECT, _U32, _U32]),
    "zc_py_segment_table": (_OBJECT, []),
    "zc_py_segment_table_add": (None, [_OBJECT, _U32, _OBJECT]),
    "zc_py_segment_table_remove": (None, [_OBJECT, _U32]),
    "zc_py_batch_maker": (_OBJECT, [*[_OBJECT] * 5, ctypes.POINTER(TensorField)]),
    "zc_py_batch_maker_function": (_OBJECT, [_OBJECT]),
    "zc_py_batch_taker": (
        _OBJECT,
        [
            *(_OBJECT, ctypes.c_int, _U32, _U32),
            *(
                ctypes.POINTER(IterationCounts),
                ctypes.POINTER(ClockCounts),
                ctypes.POINTER(StreamCounts),
                _OBJECT,
            ),
        ],
    ),
    "zc_py_gatherer": (_OBJECT, [ctypes.POINTER(_U64), _U64, *[_OBJECT] * 4, ctypes.POINTER(TensorField)]),
    "zc_py_gatherer_function": (_OBJECT, [_OBJECT]),
    "zc_py_gatherer_add": (_I32, [_OBJECT, _U64, _POINTER, ctypes.POINTER(_U64)]),
    "zc_py_gatherer_clear": (None, [_OBJECT]),
    "zc_py_gather_ahead": (
        _OBJECT,
        [
            *(_OBJECT, _U64, _U64, _U64),
            *(
                ctypes.POINTER(IterationCounts),
                ctypes.POINTER(ClockCounts),
                ctypes.POINTER(GatheredCounts),
                _OBJECT,
            ),
        ],
    ),
    "zc_py_gather_ahead_function": (_OBJECT, [_OBJECT]),
    "zc_py_gather_ahead_add": (_I32, [_OBJECT, _POINTER, _U64]),
    "zc_py_gather_ahead_end": (None, [_OBJECT]),
    "zc_py_gather_ahead_outcome": (_I32, [_OBJECT]),
}


@lru_cache(maxsize=1)
def library() -> Any:
    """The loaded library with typed functions. Raises ZC_TORCH_CORE_MISSING, naming where it looked."""
    if sys.platform != "linux":
        raise ZcError("ZC_IO_UNSUPPORTED_PLATFORM", f"there is no native core for {sys.platform}")
    path = _find_library()
    try:
        loaded, short = ctypes.CDLL(path), ctypes.PyDLL(path)
        version = loaded.zc_abi_version()
        if version != ABI_VERSION:
            raise ZcError(
                "ZC_TORCH_CORE_MISSING",
                f"the library has ABI {version}, this package needs {ABI_VERSION}",
                path=path,
                expected=ABI_VERSION,
                actual=version,
            )
        if not short.zc_py_available():
            raise ZcError(
                "ZC_TORCH_CORE_MISSING", "the interpreter hides its C functions from libraries", path=path
            )
        for name, (result, arguments) in _DECLARATIONS.items():
            _declare(loaded, name, result, arguments)
        for name, (result, arguments) in _SHORT_DECLARATIONS.items():
            setattr(loaded, name, _declare(short, name, result, arguments))
    except (OSError, AttributeError) as error:
        raise ZcError(
            "ZC_TORCH_CORE_MISSING", f"the native library does not load: {error}", path=path
        ) from error
    return loaded


def crc32c(data: bytes | bytearray | memoryview | npt.NDArray[Any], seed: int = 0) -> int:
    """CRC32C of the bytes of a C-contiguous buffer, continuing from ``seed``."""
    flat = np.frombuffer(data, np.uint8)
    return int(library().zc_crc32c(flat.__array_interface__["data"][0], flat.size, seed))


def map_segment(
    descriptor: int, size_bytes: int, control_bytes: int, slots: int, slot_bytes: int, released: int
) -> Any:
    """Maps a segment of slots; what it gives keeps it mapped, as every lease on one of its slots does.

    Raises ZC_ARGUMENT for one that does not fit its memfd or could shrink, and ZC_IO_MEMORY.
    """
    error = _Error()
    sizes = (size_bytes, control_bytes, slots, slot_bytes)
    segment = library().zc_py_segment(descriptor, *sizes, released, error)
    _raise_for(error.code, error, None)
    return segment


class MappedFile:
    """A whole file mapped privately, guarded against being cut short.

    ``bytes`` is the file as a read-only uint8 array. The map lives as long as this object or any view of
    ``bytes``; there is nothing to close.

    If the file is cut short, the pages behind its new end read as zeros and the map is poisoned: ``check``
    raises ZC_IO_POISONED from then on.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._library = library()
        self._mapping = _Mapping(path)
        self._handle = self._mapping.handle
        self._poisoned = self._library.zc_map_poisoned
        self.size_bytes = self._mapping.size_bytes
        self.address = self._mapping.address
        self.bytes: Bytes = np.asarray(self._mapping)

    @property
    def poisoned(self) -> bool:
        return bool(self._poisoned(self._handle))

    def check(self) -> None:
        """Raises ZC_IO_POISONED where the file was cut short under the map."""
        if self._poisoned(self._handle):
            error = _Error()
            _raise_for(self._library.zc_map_check(self._handle, error), error, self.path)

    def crc32c(self, offset: int, length: int) -> int:
        """CRC32C of a range that the caller has checked to lie in the file."""
        return int(self._library.zc_crc32c(self.address + offset, length, 0))

    def require_crc32c(self, offset: int, length: int, expected: int, what: str) -> None:
        """Raises ZC_FORMAT_CHECKSUM, naming ``what``, unless a range has the recorded CRC32C."""
        found = self.crc32c(offset, length)
        # A hole in the file reads as zeros: that is another error than damage.
        self.check()
        if found != expected:
            raise ZcError(
                "ZC_FORMAT_CHECKSUM",
                f"{what} has CRC32C {found:08x}, expected {expected:08x}",
                path=self.path,
                offset=offset,
                expected=expected,
                actual=found,
            )

    def populate(self, offset: int, length: int) -> None:
        """Brings a range into memory and waits for it."""
        error = _Error()
        _raise_for(self._library.zc_map_populate(self._handle, offset, length, error), error, self.path)

    def will_need(self, offset: int, length: int) -> None:
        """Asks for a range to be read ahead and does not wait."""
        error = _Error()
        _raise_for(self._library.zc_map_willneed(self._handle, offset, length, error), error, self.path)

    def resident_bytes(self, offset: int, length: int) -> int:
        """How many bytes of a range the page cache holds."""
        found, error = _U64(), _Error()
        code = self._library.zc_map_resident(self._handle, offset, length, found, error)
        _raise_for(code, error, self.path)
        return found.value

    @property
    def handle(self) -> int:
        """What `gather_ranges` takes for this map, as long as this object lives."""
        return self._handle or 0

    def gather(self, offsets: npt.NDArray[np.uint64], row_bytes: int, destination: npt.NDArray[Any]) -> None:
        """Copies the rows at ``offsets`` behind each other into a C-contiguous array."""
        error = _Error()
        offsets = np.ascontiguousarray(offsets, np.uint64)
        common = (self._handle, offsets.ctypes.data, len(offsets), row_bytes, destination.ctypes.data)
        _raise_for(self._library.zc_gather(*common, error), error, self.path)


@dataclass(frozen=True)
class Ranges:
    """Ranges of mapped files: where each begins, and how long it is, one length for all or one for each.

    Arrays are C-contiguous and of 64 bits. ``maps`` holds the `MappedFile.handle` of each range, and the
    caller keeps those maps.
    """

    maps: npt.NDArray[np.uint64]
    offsets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64] | int

    def __len__(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True)
class Expected:
    """The CRC32C of each range, uint32, and whether it is to be compared, bool."""

    checksums: npt.NDArray[np.uint32]
    checked: npt.NDArray[np.bool_]


def gather_ranges(
    ranges: Ranges,
    destination: tuple[int, int] | None,
    places: npt.NDArray[np.int64] | None = None,
    expected: Expected | None = None,
) -> None:
    """Copies ranges to ``places`` in a destination, given by its address and its length in bytes.

    Without ``places`` they follow each other, all of one length. Without a destination their checksums alone
    are compared. The interpreter lock is let go. Raises ZC_IO_CHECKSUM and ZC_IO_POISONED with the number of
    the range as ``details["row"]``, and ZC_ARGUMENT for a range outside its file, when nothing is copied.
    """
    call, error, bad = _Ranges(), _Error(), _U64(_NO_OFFSET)
    call.maps, call.offsets = _address(ranges.maps), _address(ranges.offsets)
    if isinstance(ranges.lengths, int):
        call.length = ranges.lengths
    else:
        call.lengths = _address(ranges.lengths)
    call.count = len(ranges)
    if destination is not None:
        call.destination, call.destination_bytes = destination
    if places is not None:
        call.places = _address(places)
    if expected is not None:
        call.checksums, call.checked = _address(expected.checksums), _address(expected.checked)
    code = library().zc_gather_ranges(call, bad, error)
    _raise_for(code, error, None, row=bad.value)


def _address(array: npt.NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


class _Mapping:
    """Owns one native map: what NumPy keeps as the base of every view, so the last view's end unmaps it."""

    handle: int | None = None
    address: int = 0
    size_bytes: int = 0

    def __init__(self, path: str) -> None:
        core = library()
        self._close = core.zc_map_close
        handle, error = _POINTER(), _Error()
        try:
            encoded = os.fsencode(path)
        except UnicodeEncodeError:
            raise ZcError("ZC_IO_OPEN", "the path cannot be encoded", path=path) from None
        _raise_for(core.zc_map_open(encoded, handle, error), error, path)
        self.handle = handle.value
        self.size_bytes = int(core.zc_map_size(handle))
        self.address = int(core.zc_map_address(handle) or 0)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return {"version": 3, "typestr": "|u1", "shape": (self.size_bytes,), "data": (self.address, True)}

    def __del__(self) -> None:
        if self.handle is not None:
            self._close(self.handle)


def _find_library() -> str:
    named = os.environ.get("ZC_CORE_LIBRARY")
    if named:
        return named
    here = Path(__file__).resolve()
    places = [here.parent / "native" / LIBRARY_NAME]
    if len(here.parents) > 4:
        places.append(here.parents[4] / "io" / "native" / "build" / "release" / LIBRARY_NAME)
    for place in places:
        if place.is_file():
            return str(place)
    raise ZcError(
        "ZC_TORCH_CORE_MISSING",
        f"{LIBRARY_NAME} is neither in the package nor in a checkout: {', '.join(map(str, places))}",
    )


def _declare(loaded: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    function = getattr(loaded, name)
    function.restype, function.argtypes = result, arguments
    return function


def _raise_for(code: int, error: _Error, path: str | None, **details: Any) -> None:
    if code == 0:
        return
    name = library().zc_error_name(code).decode()
    offset = None if error.offset == _NO_OFFSET else int(error.offset)
    summary = error.message.decode("utf-8", "replace")
    # The core's message is complete in itself; ours says the place in front of it.
    for place in (f"{path} @ {offset}: ", f"{path}: "):
        summary = summary.removeprefix(place)
    raise ZcError(name, summary, path=path, offset=offset, errno=error.sys_errno or None, **details)
