"""Makes a dataset of files, or of the samples that a program has."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from . import arguments
from .errors import ZcError
from .field import FieldSpec
from .pack_files import pack_files
from .pack_progress import ProgressOption, reporter
from .pack_samples import pack_samples
from .schema import Schema

OnError = Literal["stop", "skip"]


@dataclass(frozen=True)
class PackReport:
    """What a packing has written, and what it left out."""

    samples: int
    shards: int
    #: Length of all shards together.
    bytes: int
    seconds: float
    #: How many samples were left out with ``on_error="skip"``.
    skipped: int = 0
    #: The first hundred of those: ``row``, ``code``, ``summary`` and what else is known.
    errors: tuple[Mapping[str, Any], ...] = ()


def pack(
    source: Any,
    output: str | os.PathLike[str],
    *,
    map: Callable[[Any], Any] | str | os.PathLike[str] | None = None,  # noqa: A002 (the word of `zc pack`)
    names: Sequence[str] | None = None,
    schema: Schema | Mapping[str, FieldSpec] | None = None,
    shard_bytes: int | str | None = None,
    sha256: bool = True,
    overwrite: bool = False,
    on_error: OnError = "stop",
    progress: ProgressOption = None,
    **options: Any,
) -> PackReport:
    """Packs ``source`` into a new dataset, which appears all at once when everything is written.

    ``source`` is a path, or several of one kind: then ``zc pack`` does the work, in a process of its own, and
    ``options`` are its options with underscores (``label_from="folder"``, ``include=["*.wav"]``). Or it is
    something with samples: a map-style or iterable dataset of torch, a `torch.utils.data.DataLoader` without
    batches, a Hugging Face dataset, a `Dataset`, a list, a generator.

    A sample is a mapping of fields. ``names`` gives names to the parts of tuples: ``("image", "label")``;
    ``map`` is called with each sample and gives the one to be written. ``schema`` is as `DatasetWriter` takes
    it; without one the first sample is the pattern. Samples are written as they come: memory stays flat.

    ``on_error="skip"`` leaves out samples that cannot be had or do not fit, and reports them; an exception of
    an iterator ends the packing in any case. ``progress``: None shows a line where standard error is a
    terminal, True and False say so, a function is called with `PackProgress`.

    Raises what `DatasetWriter` raises, ZC_ARGUMENT, ZC_TORCH_NODE_MISSING, and of ``zc pack`` what went wrong
    there (ZC_CONVERT codes).

    Example::

        zc.pack("photos/", "data/train")
        zc.pack(torchvision_dataset, "data/train", names=("image", "label"))
    """
    arguments.one_of("on_error", on_error, ("stop", "skip"))
    tell = reporter(progress)
    paths = _as_paths(source)
    if paths is not None:
        for name, given in {"names": names, "schema": schema}.items():
            if given is not None:
                raise ZcError("ZC_ARGUMENT", f"{name} is for samples, the source is a path")
        if callable(map):
            raise ZcError(
                "ZC_ARGUMENT",
                "a function of Python cannot be called by the program that packs files",
                advice="Pack the files, then zc.pack(zc.Dataset(packed), output, map=function); "
                "or give the path of a JavaScript module.",
            )
        more = {
            "map": map,
            "shard_bytes": shard_bytes,
            "sha256": None if sha256 else False,
            "overwrite": overwrite or None,
            "on_error": None if on_error == "stop" else on_error,
        }
        return PackReport(**pack_files(paths, os.fspath(output), {**more, **options}, tell))
    if options:
        listed = ", ".join(options)
        raise ZcError("ZC_ARGUMENT", f"{listed} is an option for files, the source is samples")
    if map is not None and not callable(map):
        raise ZcError("ZC_ARGUMENT", f"map must be a function, not {map!r}")
    report = pack_samples(
        source,
        output,
        map=map,
        names=arguments.names("names", names),
        schema=schema,
        shard_bytes=shard_bytes,
        sha256=sha256,
        overwrite=overwrite,
        skips=on_error == "skip",
        tell=tell,
    )
    return PackReport(**report)


def _as_paths(source: Any) -> list[str] | None:
    if isinstance(source, (str, os.PathLike)):
        return [os.fsdecode(source)]
    if (
        isinstance(source, (list, tuple))
        and source
        and all(isinstance(p, (str, os.PathLike)) for p in source)
    ):
        return [os.fsdecode(path) for path in source]
    return None
