from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zero_copy_loader as zc
from zero_copy_loader.pack_progress import progress_text

torch = pytest.importorskip("torch")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for label in ("cat", "dog"):
        (tmp_path / "files" / label).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "files" / label / f"{number}.txt").write_text(f"{label} {number}")
    return tmp_path / "files"


class Pairs(torch.utils.data.Dataset[tuple[np.ndarray, int]]):  # type: ignore[name-defined, misc]
    """A map-style dataset as torchvision has them; number 3 is broken."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, number: int) -> tuple[Any, int]:
        if number == 3:
            raise OSError("cannot identify image file")
        return torch.full((2, 3), number, dtype=torch.bfloat16), number


class Stream(torch.utils.data.IterableDataset[dict[str, int]]):  # type: ignore[name-defined, misc]
    def __iter__(self) -> Iterator[dict[str, int]]:
        return ({"label": label} for label in range(4))

    def __len__(self) -> int:
        return 4


def test_files_are_packed_by_the_command_line(files: Path, tmp_path: Path) -> None:
    told: list[zc.PackProgress] = []
    report = zc.pack(
        files, tmp_path / "set", label_from="folder", include=["0.*", "1.*"], progress=told.append
    )
    assert (report.samples, report.shards, report.skipped, report.errors) == (4, 1, 0, ())
    assert told[-1].part == 1
    names = {sample["label"] for sample in zc.Dataset(tmp_path / "set")}
    assert len(names) == 2


def test_an_error_of_the_command_line_is_ours(files: Path, tmp_path: Path) -> None:
    with pytest.raises(zc.ZcError) as raised:
        zc.pack(files, tmp_path / "files" / "inside")
    assert raised.value.code == "ZC_ARGUMENT"
    assert "the output lies in the input" in raised.value.summary
    with pytest.raises(zc.ZcError, match="unknown option '--colour=red'"):
        zc.pack(files, tmp_path / "set", colour="red")
    with pytest.raises(zc.ZcError, match="cannot be called"):
        zc.pack(files, tmp_path / "set", map=dict)
    with pytest.raises(zc.ZcError, match="schema is for samples"):
        zc.pack([files], tmp_path / "set", schema={"label": zc.scalar("int64")})
    assert not (tmp_path / "set").exists()


def test_an_interrupted_packing_of_files_leaves_no_part(files: Path, tmp_path: Path) -> None:
    def interrupt(_: zc.PackProgress) -> None:
        raise KeyboardInterrupt

    (tmp_path / "output").mkdir()
    with pytest.raises(KeyboardInterrupt):
        zc.pack(files, tmp_path / "output" / "set", progress=interrupt)
    # It may have been done when it heard of it.
    assert os.listdir(tmp_path / "output") in ([], ["set"])


def test_a_map_style_dataset(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot identify"):
        zc.pack(Pairs(), tmp_path / "set", names=("image", "label"))
    assert os.listdir(tmp_path) == []
    report = zc.pack(Pairs(), tmp_path / "set", names=("image", "label"), on_error="skip")
    assert (report.samples, report.skipped) == (5, 1)
    assert report.errors == ({"row": 3, "code": "OSError", "summary": "cannot identify image file"},)
    dataset = zc.Dataset(tmp_path / "set")
    assert [int(sample["label"]) for sample in dataset] == [0, 1, 2, 4, 5]
    assert dataset.schema.fields[0].dtype == "bfloat16"


def test_what_is_iterated(tmp_path: Path) -> None:
    sources = {
        "stream": Stream(),
        "loader": torch.utils.data.DataLoader(Stream(), batch_size=None),
        "generator": ({"label": label} for label in range(4)),
        "list": [{"label": label} for label in range(4)],
    }
    for name, source in sources.items():
        told: list[zc.PackProgress] = []
        report = zc.pack(source, tmp_path / name, progress=told.append)
        assert report.samples == 4
        assert (told[-1].samples, told[-1].bytes) == (4, 32)
        assert [int(sample["label"]) for sample in zc.Dataset(tmp_path / name)] == [0, 1, 2, 3]


def test_a_function_for_each_sample(tmp_path: Path) -> None:
    zc.pack([{"x": number} for number in range(4)], tmp_path / "first")
    first = zc.Dataset(tmp_path / "first")
    zc.pack(first, tmp_path / "second", map=lambda sample: {"double": sample["x"] * 2, "text": "t"})
    assert [sample["double"] for sample in zc.Dataset(tmp_path / "second")] == [0, 2, 4, 6]


def test_the_same_bytes_as_the_writers(tmp_path: Path) -> None:
    samples = [{"x": np.full(100, number, np.float32), "t": str(number)} for number in range(20)]
    zc.pack(samples, tmp_path / "packed", shard_bytes="1KB")
    with zc.DatasetWriter(tmp_path / "written", shard_bytes="1KB") as writer:
        for sample in samples:
            writer.append(sample)
    names = sorted(os.listdir(tmp_path / "packed"))
    assert names == sorted(os.listdir(tmp_path / "written"))
    assert len(names) > 3
    for name in names:
        assert (tmp_path / "packed" / name).read_bytes() == (tmp_path / "written" / name).read_bytes()


def test_samples_that_do_not_fit_are_skipped_and_listed(tmp_path: Path) -> None:
    samples = [{"x": 1}, {"y": 2}, {"x": "text"}, (1,), {"x": 5}]
    with pytest.raises(zc.ZcError, match="has a field 'y'") as raised:
        zc.pack(samples, tmp_path / "set")
    assert getattr(raised.value, "__notes__", ["sample 1"])[0].endswith("sample 1 of the source.")
    report = zc.pack(samples, tmp_path / "set", on_error="skip")
    assert report.samples == 2
    assert [(error["row"], error["code"]) for error in report.errors] == [
        (number, "ZC_FORMAT_VALUE") for number in (1, 2, 3)
    ]


def test_a_pattern_that_cannot_be_used_is_not_skipped(tmp_path: Path) -> None:
    with pytest.raises(zc.ZcError, match="ZC_FORMAT_SCHEMA"):
        zc.pack([(1, 2)], tmp_path / "set", on_error="skip")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("source", "options", "says"),
    [
        (3, {}, "the source is a int"),
        ({"x": [1]}, {}, "the source is a dict"),
        ([{"x": 1}], {"include": "*"}, "include is an option for files"),
        ([{"x": 1}], {"map": "step.mjs"}, "map must be a function"),
        ([{"x": 1}], {"names": "image"}, "names must be a list of names"),
        ([{"x": 1}], {"on_error": "ignore"}, "on_error must be one of"),
    ],
)
def test_what_is_refused(tmp_path: Path, source: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(zc.ZcError, match=says) as raised:
        zc.pack(source, tmp_path / "set", **options)
    assert raised.value.code == "ZC_ARGUMENT"
    assert os.listdir(tmp_path) == []


def test_a_line_of_progress_where_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zc.pack([{"x": 1}] * 3, tmp_path / "set", progress=True)
    assert "\x1b[K" in capsys.readouterr().err
    zc.pack([{"x": 1}] * 3, tmp_path / "quiet")
    assert capsys.readouterr().err == ""


def test_the_words_of_progress() -> None:
    halfway = progress_text(zc.PackProgress(1200, 2400, 512_000_000), 2.0)
    assert halfway == "1,200 of 2,400 samples, 256 MB/s, 2 s left"
    assert progress_text(zc.PackProgress(7, None, 0), 0.0) == "7 samples"
    assert progress_text(zc.PackProgress(7, None, 10, 40), 1.0) == "7 samples, 0 MB/s, 3 s left"
