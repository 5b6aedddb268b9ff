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
            value = canonical_json.loads(text)
        except ValueError as error:
            raise self.error(f"the footer is not JSON: {error}", None) from error
        if not isinstance(value, dict) or value.get("format") != "zc-shard":
            raise self.error('the footer is not an object of format "zc-shard"', value)
        if value.get("version") != [MAJOR, minor]:
            raise self.error(
                f"the footer has version {value.get('version')}, the head {[MAJOR, minor]}",
                value.get("version"),
            )
        samples = value.get("samples")
        if not _is_count(samples):
            raise self.error(f"the number of samples is {samples!r}", samples)
        refuse_above(
            SAMPLES_PER_SHARD_MAX, samples, "the number of samples", path=self.path, offset=self.footer_offset
        )
        schema = Schema.from_json(value.get("schema"), self.path)
        layout = value.get("layout")
        if not isinstance(layout, list) or len(layout) != len(schema.fields):
            raise self.error(f"the layout does not list {len(schema.fields)} fields", layout)
        parsed = tuple(
            self.field_layout(each, field, samples) for each, field in zip(layout, schema.fields, strict=True)
        )
        self.refuse_overlaps(parsed, schema)
        return Footer(samples, schema, parsed)

    def field_layout(self, value: object, field: Field, samples: int) -> FieldLayout:
        if not isinstance(value, dict):
            raise self.error(f"the layout of field {field.name!r} is not an object", value)
        spans = {
            name: self.span(value[name], f"{name} of field {field.name!r}")
            for name in ("region", "ends", "dims", "checksums")
            if name in value
        }
        wanted = {"region", "checksums"}
        wanted |= set() if field.fixed else {"ends"}
        wanted |= {"dims"} if field.stores_dims else set()
        if spans.keys() != wanted:
            raise self.error(
                f"field {field.name!r} has the parts {sorted(spans)}, expected {sorted(wanted)}",
                sorted(spans),
                sorted(wanted),
                code="ZC_FORMAT_TABLE",
            )
        layout = FieldLayout(**spans)
        self.check_lengths(layout, field, samples)
        return layout

    def span(self, value: object, what: str) -> Span:
        if not isinstance(value, list) or len(value) != 2 or not all(_is_count(each) for each in value):
            raise self.error(f"the {what} is {value!r}, expected [offset, length]", value)
        span = Span(*value)
        if span.offset % BLOCK_BYTES or span.offset < HEAD_BYTES or span.end > self.footer_offset:
            raise self.error(
                f"the {what} has {span.length} bytes at {span.offset}, "
                f"which is not a block between the head and the footer at {self.footer_offset}",
                value,
            )
        return span

    def check_lengths(self, layout: FieldLayout, field: Field, samples: int) -> None:
        expected = {
            "checksums": table_bytes(checksum_count(field, samples, layout.region.length), U32_PER_BLOCK),
            "ends": table_bytes(samples, U64_PER_BLOCK),
            "dims": table_bytes(samples * len(field.ragged_dimensions), U32_PER_BLOCK),
        }
        if field.fixed:
            expected["region"] = samples * field.step_bytes
        elif samples == 0:
            expected["region"] = 0
        for name, span in layout.parts():
            if span.length != expected.get(name, span.length):
                raise self.error(
                    f"the {name} of field {field.name!r} has {span.length} bytes, expected {expected[name]}",
                    span.length,
                    expected[name],
                    code="ZC_FORMAT_FOOTER" if name == "region" else "ZC_FORMAT_TABLE",
                )

    def refuse_overlaps(self, layout: tuple[FieldLayout, ...], schema: Schema) -> None:
        parts = sorted(
            (span, f"{name} of field {field.name!r}")
            for each, field in zip(layout, schema.fields, strict=True)
            for name, span in each.parts()
            if span.length
        )
        for (before, name), (after, next_name) in pairwise(parts):
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
