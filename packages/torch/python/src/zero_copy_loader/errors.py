"""The one error class of the package; its codes are those of every other part of ZC-Loader."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

ZcErrorCode = Literal[
    "ZC_ARGUMENT",
    "ZC_ABORTED",
    "ZC_INDEX_RANGE",
    "ZC_CLOSED",
    "ZC_SUPERSEDED",
    "ZC_MEMORY_BUDGET",
    "ZC_STATE_MISMATCH",
    "ZC_RANK_CHANGED",
    "ZC_INTERNAL",
    "ZC_FORMAT_BAD_MAGIC",
    "ZC_FORMAT_VERSION",
    "ZC_FORMAT_FLAGS",
    "ZC_FORMAT_TRUNCATED",
    "ZC_FORMAT_HEAD",
    "ZC_FORMAT_FOOTER",
    "ZC_FORMAT_SCHEMA",
    "ZC_FORMAT_LIMIT",
    "ZC_FORMAT_TABLE",
    "ZC_FORMAT_CHECKSUM",
    "ZC_FORMAT_MANIFEST",
    "ZC_FORMAT_VALUE",
    "ZC_FORMAT_CODEC",
    "ZC_FORMAT_BUSY",
    "ZC_IO_OPEN",
    "ZC_IO_READ",
    "ZC_IO_WRITE",
    "ZC_IO_EXISTS",
    "ZC_IO_SHORT_READ",
    "ZC_IO_CHECKSUM",
    "ZC_IO_POISONED",
    "ZC_IO_MAP",
    "ZC_IO_MEMORY",
    "ZC_IO_CLOSED",
    "ZC_IO_RING_REFUSED",
    "ZC_IO_UNSUPPORTED_PLATFORM",
    "ZC_TORCH_SERVER_GONE",
    "ZC_TORCH_SERVER_START",
    "ZC_TORCH_FORKED",
    "ZC_TORCH_PROTOCOL",
    "ZC_TORCH_NODE_MISSING",
    "ZC_TORCH_PYTORCH_MISSING",
    "ZC_TORCH_CORE_MISSING",
]

#: What to do next, for each code; a place that knows better gives its own advice.
ADVICE: Final[dict[str, str]] = {
    "ZC_ARGUMENT": "Correct the argument that the message names.",
    "ZC_ABORTED": "Nothing is damaged; start the operation again if its result is still wanted.",
    "ZC_INDEX_RANGE": "Indices go from 0 to len(dataset) - 1, or from -len(dataset) to -1.",
    "ZC_CLOSED": "Close it after its last use, or open it again.",
    "ZC_SUPERSEDED": "Make a second loader for a second pass at the same time.",
    "ZC_MEMORY_BUDGET": "Release or clone the batches you keep, or raise max_memory_bytes.",
    "ZC_STATE_MISMATCH": (
        "Load it with the dataset, seed and shuffle kind it was saved with; batch size and ranks may differ."
    ),
    "ZC_RANK_CHANGED": "Start the process group before the first iteration, or make a new loader.",
    "ZC_INTERNAL": "Please report it with the whole message.",
    "ZC_FORMAT_BAD_MAGIC": "Check that the path names a shard and that it was copied in binary mode.",
    "ZC_FORMAT_VERSION": "Read it with a newer release of ZC-Loader.",
    "ZC_FORMAT_FLAGS": "Read it with a newer release of ZC-Loader.",
    "ZC_FORMAT_TRUNCATED": "Its writing or copying was cut short: write or copy it again.",
    "ZC_FORMAT_HEAD": "The file is damaged: copy or write it again.",
    "ZC_FORMAT_FOOTER": "The file is damaged or its writing was cut short: copy or write it again.",
    "ZC_FORMAT_SCHEMA": "Compare it with the schema section of docs/reference/shard-format.md.",
    "ZC_FORMAT_LIMIT": "The limits are listed in docs/reference/shard-format.md.",
    "ZC_FORMAT_TABLE": "The file is damaged: copy or write it again.",
    "ZC_FORMAT_CHECKSUM": "The file changed after it was written. `zc verify` lists every damaged row.",
    "ZC_FORMAT_MANIFEST": "Copy the whole dataset directory again, or write it again.",
    "ZC_FORMAT_VALUE": "Convert the value, or change the schema.",
    "ZC_FORMAT_CODEC": "Leave the field out, or use a release that knows the codec.",
    "ZC_FORMAT_BUSY": "Wait until it has finished, or write to another directory.",
    "ZC_IO_OPEN": "Check that it exists and that this user may read it.",
    "ZC_IO_READ": "The message carries the error of the system; `dmesg` may tell more about the device.",
    "ZC_IO_WRITE": "The message carries the error of the system; check the free space and the permissions.",
    "ZC_IO_EXISTS": "Remove it, or write to another path.",
    "ZC_IO_SHORT_READ": "The file was cut short after it was opened: copy or write it again.",
    "ZC_IO_CHECKSUM": "The file changed after it was written. `zc verify` lists every damaged row.",
    "ZC_IO_POISONED": (
        "Do not change published shards in place; open the dataset again once the file is whole."
    ),
    "ZC_IO_MAP": "Check `ulimit -v` and /proc/sys/vm/max_map_count.",
    "ZC_IO_MEMORY": "Lower max_memory_bytes, or raise the limit of the process or its container.",
    "ZC_IO_CLOSED": "Close it after its last use, or open it again.",
    "ZC_IO_RING_REFUSED": (
        "Ask for the backend `auto` or `threads`; `zc doctor` says what would allow io_uring."
    ),
    "ZC_IO_UNSUPPORTED_PLATFORM": "Use Linux on x86-64.",
    "ZC_TORCH_SERVER_GONE": (
        "Iterate over the loader again: that starts another server. `zc doctor` looks for causes."
    ),
    "ZC_TORCH_SERVER_START": "Run `zc doctor`; what the server said before, if anything, is in the message.",
    "ZC_TORCH_FORKED": "Make the loader in the child, or start the child with `spawn`.",
    "ZC_TORCH_PROTOCOL": "Install the same release on both sides.",
    "ZC_TORCH_NODE_MISSING": "Install Node.js 20.19 or newer, or name one in ZC_NODE.",
    "ZC_TORCH_PYTORCH_MISSING": (
        "`pip install 'zero-copy-loader[torch]'`; without PyTorch `zero_copy_loader.DataLoader` "
        "gives NumPy arrays."
    ),
    "ZC_TORCH_CORE_MISSING": (
        "Install the wheel again; in a checkout run `npm run build`, or name the library in ZC_CORE_LIBRARY."
    ),
}

CODES: Final[frozenset[str]] = frozenset(get_args(ZcErrorCode))


class ZcError(Exception):
    """Whatever goes wrong in this package.

    ``str(error)`` is what a user sees: ``CODE path @ offset: what.`` and, on the second line, the next step.
    Tell errors apart by ``code``. ``details`` holds whatever else the raising place passed on.

    Example::

        try:
            dataset = zc.Dataset("data/train")
        except zc.ZcError as error:
            if error.code != "ZC_IO_OPEN":
                raise
    """

    def __init__(
        self,
        code: str,
        summary: str,
        *,
        path: str | None = None,
        offset: int | None = None,
        expected: object = None,
        actual: object = None,
        advice: str | None = None,
        **details: Any,
    ) -> None:
        self.code = code
        self.summary = summary
        self.path = path
        self.offset = offset
        self.expected = expected
        self.actual = actual
        self.advice = ADVICE.get(code, "") if advice is None else advice
        self.details = details
        place = [part for part in (path, None if offset is None else f"@ {offset}") if part is not None]
        sentence = summary if summary.endswith((".", "!", "?")) else f"{summary}."
        super().__init__(f"{' '.join([code, *place])}: {sentence}\n{self.advice}".rstrip())

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own would call the class with the finished message alone; workers send errors pickled.
        return (_rebuild, (self.code, self.summary, self._fields(), self.details))

    def _fields(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "offset": self.offset,
            "expected": self.expected,
            "actual": self.actual,
            "advice": self.advice,
        }


def _rebuild(code: str, summary: str, fields: dict[str, Any], details: dict[str, Any]) -> ZcError:
    return ZcError(code, summary, **fields, **details)
