"""The checks of a loader's arguments: what passes here the server takes."""

from __future__ import annotations

import difflib
import operator
import os
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from .errors import ZcError

#: The largest whole number that JavaScript tells from its neighbours.
_WHOLE_MAX: Final = 2**53 - 1
_NOT_NEEDED: Final = "Leave it out: a server reads ahead, and prefetch_batches says how far."
#: What torch.utils.data.DataLoader takes besides.
_OF_TORCH: Final = {
    "num_workers": _NOT_NEEDED,
    "prefetch_factor": _NOT_NEEDED,
    "persistent_workers": _NOT_NEEDED,
    "multiprocessing_context": _NOT_NEEDED,
    "worker_init_fn": _NOT_NEEDED,
    "in_order": "Leave it out: batches always come in order.",
    "timeout": "Leave it out: a server that is gone is an error at once.",
    "generator": "Pass seed, or a sampler that has the generator.",
    "pin_memory_device": "Pass device.",
    "dataset": "Pass the dataset's path, or a zero_copy_loader.Dataset, as the first argument.",
}
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def whole(name: str, value: Any, least: int) -> int:
    """A whole number of any integer type, NumPy's too."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise ZcError("ZC_ARGUMENT", f"{name} must be a whole number from {least} on, not {value!r}")
    if number > _WHOLE_MAX:
        raise ZcError(
            "ZC_ARGUMENT",
            f"{name} is {number}, the largest possible is {_WHOLE_MAX}",
            advice=f"Pass a smaller one, for example {name} % 2**53.",
        )
    return number


def one_of(name: str, value: Any, choices: Sequence[Any]) -> Any:
    """The choice that ``value`` is equal to."""
    for choice in choices:
        if value == choice:
            return choice
    listed = ", ".join(map(repr, choices))
    raise ZcError("ZC_ARGUMENT", f"{name} must be one of {listed}, not {value!r}")


def names(name: str, value: Sequence[str] | None) -> list[str] | None:
    """A list of names; one text would be taken for a list of letters."""
    if isinstance(value, str):
        raise ZcError(
            "ZC_ARGUMENT", f"{name} must be a list of names, not {value!r}", advice=f"Pass [{value!r}]."
        )
    return None if value is None else list(value)


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Raises ZC_ARGUMENT for a keyword that is none, saying what to pass instead."""
    for name in given:
        nearest = difflib.get_close_matches(name, known, 1)
        advice = _OF_TORCH.get(name) or (f"Did you mean {nearest[0]}?" if nearest else None)
        raise ZcError(
            "ZC_ARGUMENT", f"there is no argument {name}", expected=sorted(known), actual=name, advice=advice
        )


def local_path(path: str | os.PathLike[str]) -> str:
    """The absolute form of a path, for the working directory may be another one when it is opened again."""
    try:
        text = os.fsdecode(path)
    except TypeError as error:
        raise ZcError("ZC_ARGUMENT", f"a dataset is a path or a list of paths: {error}") from error
    if _URL.match(text):
        raise ZcError(
            "ZC_ARGUMENT",
            f"{text!r} is no local path",
            advice="Only local paths can be opened: copy the dataset to this machine.",
        )
    return os.path.abspath(text)


def from_environment(name: str, default: str) -> int:
    """The whole number in a variable of the environment."""
    text = os.environ.get(name, default)
    try:
        return int(text)
    except ValueError:
        raise ZcError(
            "ZC_ARGUMENT",
            f"the environment variable {name} is {text!r}, expected a whole number",
            advice="Unset it, or give the loader rank and world_size.",
        ) from None
