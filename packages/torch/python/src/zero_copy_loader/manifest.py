"""The manifest of a dataset, ``dataset.json`` (shard-format section 11)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeGuard

from . import canonical_json
from .errors import ZcError
from .limits import (
    FILE_BYTES_MAX,
    MANIFEST_BYTES_MAX,
    SAFE_INTEGER_MAX,
    SAMPLES_PER_SHARD_MAX,
    SHARDS_MAX,
    refuse_above,
)
from .schema import Schema

MANIFEST_NAME: Final = "dataset.json"
SHARD_NAME_BYTES_MAX: Final = 255
_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@dataclass(frozen=True)
class ShardEntry:
    """What the manifest says of one shard; ``bytes`` is the length of its file."""

    name: str
    bytes: int
    samples: int
    uuid: str
    sha256: str | None

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "bytes": self.bytes,
            "samples": self.samples,
            "uuid": self.uuid,
            "sha256": self.sha256,
        }


@dataclass(frozen=True)
class Manifest:
    schema: Schema
    shards: tuple[ShardEntry, ...]

    @property
    def samples(self) -> int:
        return sum(shard.samples for shard in self.shards)

    @property
    def bytes(self) -> int:
        return sum(shard.bytes for shard in self.shards)

    def to_text(self) -> str:
        value = {
            "format": "zc-dataset",
            "version": [1, 0],
            "schema": self.schema.to_json(),
            "samples": self.samples,
            "bytes": self.bytes,
            "shards": [shard.to_json() for shard in self.shards],
        }
        return canonical_json.dumps(value).decode() + "\n"


def read_manifest(directory: str) -> Manifest:
    """Reads and checks the manifest of a dataset's directory.

    Raises ZC_IO_OPEN, ZC_FORMAT_MANIFEST, ZC_FORMAT_VERSION, ZC_FORMAT_SCHEMA and ZC_FORMAT_LIMIT.
    """
    path = Path(directory, MANIFEST_NAME)
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            text = file.read(MANIFEST_BYTES_MAX + 1) or b""
    except OSError as error:
        raise ZcError(
            "ZC_IO_OPEN",
            f"the manifest cannot be read: {error}",
            path=str(path),
            advice=f"A dataset is a directory with a {MANIFEST_NAME}; a list of shard files opens too.",
        ) from error
    return parse_manifest(text, str(path))


def _open_without_waiting(path: str, flags: int) -> int:
    """Not to wait for whoever writes into a pipe: as a manifest it is empty."""
    return os.open(path, flags | os.O_NONBLOCK)


def parse_manifest(text: bytes, path: str) -> Manifest:
    """Checks the text of a manifest; see `read_manifest`."""
    refuse_above(MANIFEST_BYTES_MAX, len(text), "the length of the manifest", path=path)
    try:
        value = canonical_json.loads(text, path)
    except ValueError as error:
        raise _manifest_error(f"it is not JSON: {error}", path) from error
    if not isinstance(value, dict) or value.get("format") != "zc-dataset":
        raise _manifest_error('it is not an object of format "zc-dataset"', path)
    _check_version(value.get("version"), path)
    schema = Schema.from_json(value.get("schema"), path)
    listed = value.get("shards")
    if not isinstance(listed, list):
        raise _manifest_error("it has no list of shards", path)
    refuse_above(SHARDS_MAX, len(listed), "the number of shards", path=path)
    manifest = Manifest(schema, tuple(_parse_entry(each, path) for each in listed))
    names = {shard.name for shard in manifest.shards}
    if len(names) != len(manifest.shards):
        raise _manifest_error("two shards have one name", path)
    for key, total in (("samples", manifest.samples), ("bytes", manifest.bytes)):
        if not _is_count(value.get(key)) or value[key] != total:
            raise _manifest_error(f"{key} is {value.get(key)!r}, its shards have {total}", path)
    return manifest


def _check_version(version: object, path: str) -> None:
    if not isinstance(version, list) or len(version) != 2 or not all(_is_count(n) for n in version):
        raise _manifest_error(f"the version is {version!r}, expected [major, minor]", path)
    if version[0] != 1:
        raise ZcError(
            "ZC_FORMAT_VERSION",
            f"the manifest has version {version[0]}.{version[1]}, this reader knows 1",
            path=path,
            expected=1,
            actual=version[0],
        )


def _parse_entry(value: object, path: str) -> ShardEntry:
    if not isinstance(value, dict):
        raise _manifest_error("a shard is not an object", path)
    name, digest = value.get("name"), value.get("sha256")
    if not _is_file_name(name):
        raise _manifest_error(f"{name!r} is no name of a shard in the directory", path)
    for key, limit in (("bytes", FILE_BYTES_MAX), ("samples", SAMPLES_PER_SHARD_MAX)):
        if not _is_count(value.get(key)):
            raise _manifest_error(f"shard {name!r} has {value.get(key)!r} {key}", path)
        refuse_above(limit, value[key], f"the number of {key} of shard {name!r}", path=path)
    if "sha256" not in value or not (digest is None or _matches(r"[0-9a-f]{64}", digest)):
        raise _manifest_error(f"shard {name!r} has the SHA-256 {digest!r}", path)
    if not _matches(_UUID, value.get("uuid")):
        raise _manifest_error(f"shard {name!r} has the UUID {value.get('uuid')!r}", path)
    return ShardEntry(name, value["bytes"], value["samples"], value["uuid"], digest)


def _is_file_name(name: object) -> TypeGuard[str]:
    """One plain name: a manifest must not lead out of its directory."""
    if not isinstance(name, str) or name in (".", "..") or re.search(r"[/\\\x00-\x1f\x7f]", name):
        return False
    try:
        return 1 <= len(name.encode()) <= SHARD_NAME_BYTES_MAX
    except UnicodeEncodeError:
        return False


def _matches(pattern: str, text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(pattern, text) is not None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= SAFE_INTEGER_MAX


def _manifest_error(summary: str, path: str) -> ZcError:
    return ZcError("ZC_FORMAT_MANIFEST", summary, path=path)
