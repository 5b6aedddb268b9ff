"""The footer: schema, number of samples, and where each part of the shard lies (shard-format section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeGuard

from . import canonical_json
from .core import crc32c
from .errors import ZcError
from .head import HEAD_BYTES, MAJOR
from .limits import BLOCK_BYTES, SAFE_INTEGER_MAX, SAMPLES_PER_SHARD_MAX, refuse_above
from .schema import Field, Schema
from .tables import U32_PER_BLOCK, U64_PER_BLOCK, table_bytes
from .tail import Tail


class Span(NamedTuple):
    """A part of the file."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        return self.offset + self.length


@dataclass(frozen=True)
class FieldLayout:
    """Where the parts of one field lie."""

    region: Span
    checksums: Span
    ends: Span | None = None
    dims: Span | None = None

    def parts(self) -> Iterator[tuple[str, Span]]:
        yield "region", self.region
        for name, span in (("ends", self.ends), ("dims", self.dims), ("checksums", self.checksums)):
            if span is not None:
                yield name, span

    def to_json(self) -> dict[str, list[int]]:
        return {name: list(span) for name, span in self.parts()}


@dataclass(frozen=True)
class Footer:
    samples: int
    schema: Schema
    layout: tuple[FieldLayout, ...]

    def to_bytes(self) -> bytes:
        return canonical_json.dumps(
            {
                "format": "zc-shard",
                "version": [MAJOR, 0],
                "samples": self.samples,
                "schema": self.schema.to_json(),
                "layout": [each.to_json() for each in self.layout],
            }
        )


def checksum_count(field: Field, samples: int, region_bytes: int) -> int:
    """Entries of a field's table of checksums (section 8.3)."""
    return samples if field.checksum == "row" else -(-region_bytes // BLOCK_BYTES)


def parse_footer(text: bytes, tail: Tail, minor: int, path: str) -> Footer:
    """Checks and reads the footer's JSON.

    Raises ZC_FORMAT_CHECKSUM, ZC_FORMAT_FOOTER, ZC_FORMAT_SCHEMA and ZC_FORMAT_LIMIT.
    """
    found_crc = crc32c(text)
    if found_crc != tail.footer_crc:
        raise ZcError(
            "ZC_FORMAT_CHECKSUM",
            f"the footer has CRC32C {found_crc:08x}, expected {tail.footer_crc:08x}",
            path=path,
            offset=tail.footer_offset,
            expected=tail.footer_crc,
            actual=found_crc,
        )
    return _FooterReader(tail.footer_offset, path).read(text, minor)


class _FooterReader:
    """Reads one footer; holds what every complaint about it must name."""

    def __init__(self, footer_offset: int, path: str) -> None:
        self.footer_offset = footer_offset
        self.path = path

    def read(self, text: bytes, minor: int) -> Footer:
        try:
            value = canonical_json.loads(text, self.path, self.footer_offset)
        except ValueError as error:
            raise self.error(f"the footer is not JSON: {error}", None) from error
        if not isinstance(value, dict) or value.get("format") != "zc-shard":
            raise self.error('the footer is not an object of format "zc-shard"', value)
        version, samples, layout = value.get("version"), value.get("samples"), value.get("layout")
        if not _is_pair(version) or version != [MAJOR, minor]:
            raise self.error(f"the footer's version is unlike the head's, {[MAJOR, minor]}", version)
        if not _is_count(samples):
            raise self.error("the number of samples is none", samples)
        if not isinstance(layout, list):
            raise self.error("the layout is no list", layout)
        refuse_above(
            SAMPLES_PER_SHARD_MAX, samples, "the number of samples", path=self.path, offset=self.footer_offset
        )
        schema = Schema.from_json(value.get("schema"), self.path)
        if len(layout) != len(schema.fields):
            raise self.error(
                f"the layout lists {len(layout)} fields of {len(schema.fields)}",
                len(layout),
                len(schema.fields),
            )
        entries = [self.spans(each, field) for each, field in zip(layout, schema.fields, strict=True)]
        parsed = tuple(
            self.field_layout(spans, field, samples)
            for spans, field in zip(entries, schema.fields, strict=True)
        )
        self.check_places(parsed, schema)
        return Footer(samples, schema, parsed)

    def spans(self, value: object, field: Field) -> dict[str, Span]:
        """The parts that an entry of the layout names, wherever they are said to lie."""
        if not isinstance(value, dict) or "region" not in value:
            raise self.error(f"the layout of field {field.name!r} is no object with a region", value)
        spans = {}
        for name in ("region", "ends", "dims", "checksums"):
            if name in value:
                if not _is_pair(value[name]):
                    raise self.error(
                        f"the {name} of field {field.name!r} is not [offset, length]", value[name]
                    )
                spans[name] = Span(*value[name])
        return spans

    def field_layout(self, spans: dict[str, Span], field: Field, samples: int) -> FieldLayout:
        """The parts of a field, their lengths checked against the number of samples and each other."""
        region_bytes = spans["region"].length
        expected_bytes = samples * field.step_bytes if field.fixed else region_bytes if samples else 0
        if region_bytes != expected_bytes:
            raise self.error(
                f"the region of field {field.name!r} has {region_bytes} bytes, expected {expected_bytes}",
                region_bytes,
                expected_bytes,
            )
        tables = {
            "ends": None if field.fixed else table_bytes(samples, U64_PER_BLOCK),
            "dims": table_bytes(samples * field.dims_per_row, U32_PER_BLOCK) if field.stores_dims else None,
            "checksums": table_bytes(checksum_count(field, samples, region_bytes), U32_PER_BLOCK),
        }
        for name, expected in tables.items():
            found = spans[name].length if name in spans else None
            if found != expected:
                raise self.error(
                    f"the table {name} of field {field.name!r} has {found} bytes, expected {expected}",
                    found,
                    expected,
                    code="ZC_FORMAT_TABLE",
                )
        return FieldLayout(**spans)

    def check_places(self, layout: tuple[FieldLayout, ...], schema: Schema) -> None:
        """Every part in its bounds and none over another."""
        parts = [
            (span, f"{name} of field {field.name!r}")
            for each, field in zip(layout, schema.fields, strict=True)
            for name, span in each.parts()
        ]
        for span, name in parts:
            if span.offset % BLOCK_BYTES or span.offset < HEAD_BYTES or span.end > self.footer_offset:
                raise self.error(
                    f"the {name} has {span.length} bytes at {span.offset}, "
                    f"which is not a block between the head and the footer at {self.footer_offset}",
                    list(span),
                )
        filled = sorted(part for part in parts if part[0].length)
        for (before, name), (after, next_name) in pairwise(filled):
            if before.end > after.offset:
                raise self.error(f"the {name} and the {next_name} overlap at {after.offset}", list(after))

    def error(
        self, summary: str, actual: object, expected: object = None, code: str = "ZC_FORMAT_FOOTER"
    ) -> ZcError:
        return ZcError(
            code,
            summary,
            path=self.path,
            offset=self.footer_offset,
            expected=expected,
            actual=actual,
        )


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= SAFE_INTEGER_MAX


def _is_pair(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and len(value) == 2 and all(_is_count(each) for each in value)
