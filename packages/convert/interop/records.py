"""What webdataset, safetensors, NumPy, Megatron-Core and Python's csv and json write, packed and read back.

The libraries go into folders of their own under ``.cache/interop``. The golden files are made anew by them
and compared with the committed ones; then bigger random ones are packed by ``zc`` and compared element by
element.
Megatron-Core needs torch, which is taken from the Python that runs this.
"""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "packages/convert/test/golden"
SAMPLES = 500

NUMPY = "numpy==2.4.6"
LIBRARIES = {
    "webdataset": [NUMPY, "webdataset==1.0.2", "zstandard==0.25.0"],
    "safetensors": [NUMPY, "safetensors==0.8.0"],
    "numpy": [NUMPY],
    "python": [],
}

# Run with webdataset: three tars, the second one gzip, and what was put into them beside, as NumPy keeps it.
WRITE_TARS = """
import pickle, sys
import numpy as np
import webdataset
folder, samples = sys.argv[1], int(sys.argv[2])
draw = np.random.default_rng(7)
kept = []
for shard, ending in enumerate(["tar", "tar.gz", "tar"]):
    with webdataset.TarWriter(f"{folder}/{shard}.{ending}") as sink:
        for i in range(samples):
            sample = {
                "__key__": f"part{shard}/{i:05d}",
                "jpg": draw.bytes(int(draw.integers(0, 5000))),
                "cls": int(draw.integers(-2**63, 2**63)),
                "txt": "".join(map(chr, draw.integers(32, 0xD7FF, size=int(draw.integers(0, 50))))),
                "json": {"n": int(draw.integers(0, 2**53)), "x": [float(draw.normal()), None, {"s": "ab"}]},
                "npy": draw.normal(size=(int(draw.integers(0, 9)), 3)).astype(np.float32),
                "mask.npy": np.asfortranarray(draw.integers(-9, 9, size=(4, 5), dtype=np.int16)),
            }
            sink.write(sample)
            kept.append(sample)
with open(f"{folder}/kept.pickle", "wb") as file:
    pickle.dump(kept, file)
"""

WRITE_TENSORS = """
import sys
import numpy as np
from safetensors.numpy import save_file
folder, rows = sys.argv[1], int(sys.argv[2])
draw = np.random.default_rng(8)
arrays = {
    name: np.frombuffer(draw.bytes(rows * 6 * np.dtype(name).itemsize), name).reshape(rows, 2, 3)
    for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16",
                 "float32", "float64")
}
arrays["bool"] = draw.integers(0, 2, size=rows).astype(bool)
np.savez(f"{folder}/expected.npz", **arrays)
save_file(arrays, f"{folder}/x.safetensors")
"""

WRITE_ARRAYS = """
import sys
import numpy as np
folder, rows = sys.argv[1], int(sys.argv[2])
draw = np.random.default_rng(9)
arrays = {
    "c": draw.normal(size=(rows, 7, 5)).astype(np.float32),
    "fortran": np.asfortranarray(draw.normal(size=(rows, 3, 4, 2))),
    "big": draw.integers(0, 9, size=(rows, 4)).astype(">i4"),
    "one": draw.integers(-2**62, 2**62, size=rows),
}
np.savez(f"{folder}/stored.npz", **arrays)
np.savez_compressed(f"{folder}/deflated.npz", **arrays)
np.save(f"{folder}/fortran.npy", arrays["fortran"])
"""

WRITE_TOKENS = """
import pickle, sys, warnings
import numpy as np
import torch
warnings.filterwarnings("ignore")
from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder
folder, documents = sys.argv[1], int(sys.argv[2])
draw = np.random.default_rng(10)
for name in ("uint16", "int32", "int64"):
    builder = IndexedDatasetBuilder(f"{folder}/{name}.bin", dtype=np.dtype(name).type)
    kept = []
    for _ in range(documents):
        sentences = [draw.integers(0, 65536, size=int(draw.integers(0, 300)))
                     for _ in range(int(draw.integers(0, 4)))]
        for sentence in sentences:
            builder.add_item(torch.tensor(sentence, dtype=torch.int64))
        builder.end_document()
        kept.append(np.concatenate([np.zeros(0, int), *sentences]))
    builder.finalize(f"{folder}/{name}.idx")
    with open(f"{folder}/{name}.pickle", "wb") as file:
        pickle.dump(kept, file)
"""


def install(name: str, requirements: Sequence[str], *options: str) -> Path:
    """A folder with these libraries in it."""
    folder = ROOT / ".cache/interop" / f"records-{name}"
    if requirements and not (folder / ".complete").exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
        subprocess.run([*pip, *options, *requirements], check=True)
        (folder / ".complete").touch()
    return folder


def run_with(library: Path, *arguments: str) -> None:
    """Runs Python with these libraries before its own."""
    subprocess.run([sys.executable, *arguments], check=True, env={**os.environ, "PYTHONPATH": str(library)})


def packed(source: str | Path, folder: Path) -> Any:
    """Packs with the command line, as a user would, and opens what came of it."""
    import zero_copy_loader as zc

    target = tempfile.mkdtemp(dir=folder)
    arguments = ["node", str(ROOT / "packages/cli/bin/zc.js"), "pack", str(source), f"{target}/x", "--json"]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    return zc.Dataset(f"{target}/x")


def same(found: Any, expected: Any) -> bool:
    """Equal to the bit, and of the same type where it is an array."""
    import numpy as np

    array = np.asarray(expected)
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    other = np.asarray(found)
    return array.dtype == other.dtype and array.shape == other.shape and array.tobytes() == other.tobytes()


def compare_rows(dataset: Any, columns: dict[str, Iterable[Any]]) -> None:
    """Each row of each column."""
    for name, column in columns.items():
        rows = list(column)
        assert len(dataset) == len(rows), (name, len(dataset), len(rows))
        for i, expected in enumerate(rows):
            assert same(dataset[i][name], expected), (name, i, dataset[i][name], expected)


def compare_goldens(folder: Path) -> None:
    """The scripts that made the golden files make the same ones again."""
    for name, requirements in LIBRARIES.items():
        made = folder / f"golden-{name}"
        made.mkdir()
        run_with(install(name, requirements), str(GOLDEN / name / "make.py"), str(made))
        for path in made.iterdir():
            assert path.read_bytes() == (GOLDEN / name / path.name).read_bytes(), path.name
        print(f"{name}: {len(list(made.iterdir()))} golden files, equal")


def compare_tars(folder: Path) -> None:
    """Every field of what webdataset wrote."""
    import pickle

    run_with(install("webdataset", LIBRARIES["webdataset"]), "-c", WRITE_TARS, str(folder), str(SAMPLES))
    kept = pickle.loads((folder / "kept.pickle").read_bytes())
    first = packed(f"{folder}/{{0.tar,1.tar.gz,2.tar}}", folder)
    assert len(first) == len(kept), len(first)
    for sample, expected in zip(first, kept, strict=True):
        assert bytes(sample["jpg"]) == expected["jpg"]
        assert same(sample["npy"], expected["npy"])
        assert same(sample["mask.npy"], expected["mask.npy"])
        assert int(sample["cls"]) == expected["cls"]
        for name in ("txt", "json", "__key__"):
            assert sample[name] == expected[name], (name, sample[name], expected[name])
    print(f"webdataset: {len(kept)} samples of three tars, equal")


def compare_arrays(folder: Path) -> None:
    """Tensors of safetensors, arrays of .npz, and one in Fortran order."""
    import numpy as np

    run_with(install("safetensors", LIBRARIES["safetensors"]), "-c", WRITE_TENSORS, str(folder), str(SAMPLES))
    run_with(install("numpy", LIBRARIES["numpy"]), "-c", WRITE_ARRAYS, str(folder), str(SAMPLES))
    with np.load(folder / "expected.npz") as expected:
        compare_rows(packed(folder / "x.safetensors", folder), dict(expected))
        print(f"safetensors: {len(expected.files)} types, {SAMPLES} rows, equal")
    for name in ("stored", "deflated"):
        with np.load(folder / f"{name}.npz") as expected:
            compare_rows(packed(folder / f"{name}.npz", folder), dict(expected))
    compare_rows(packed(folder / "fortran.npy", folder), {"fortran": np.load(folder / "fortran.npy")})
    print(f"numpy: .npz stored and deflated, .npy in Fortran order, {SAMPLES} rows, equal")


def compare_tokens(folder: Path) -> None:
    """Documents of Megatron-Core, whose golden files need torch as well."""
    import pickle

    import numpy as np

    library = install("megatron", ["megatron-core==0.14.0"], "--no-deps")
    made = folder / "golden-megatron"
    made.mkdir()
    run_with(library, str(GOLDEN / "megatron/make.py"), str(made))
    for path in made.iterdir():
        assert path.read_bytes() == (GOLDEN / "megatron" / path.name).read_bytes(), path.name
    run_with(library, "-c", WRITE_TOKENS, str(folder), str(SAMPLES))
    for name in ("uint16", "int32", "int64"):
        kept = pickle.loads((folder / f"{name}.pickle").read_bytes())
        expected = [document.astype(np.dtype(name)) for document in kept]
        compare_rows(packed(folder / f"{name}.idx", folder), {"tokens": expected})
    print(f"megatron-core: golden files and {SAMPLES} documents of three types, equal")


def compare_lines(folder: Path) -> None:
    """CSV and JSON Lines of Python."""
    draw = random.Random(11)
    rows = [
        {
            "id": draw.randrange(-(2**63), 2**63),
            "score": draw.gauss(0, 1e10),
            "ok": draw.random() < 0.5,
            "text": "".join(draw.choices('aä🎲,;"\n\t ', k=draw.randrange(0, 20))),
        }
        for _ in range(SAMPLES)
    ]
    with open(folder / "rows.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    objects = [{**row, "id": row["id"] >> 11, "tokens": [1, 2, 3][: i % 4]} for i, row in enumerate(rows)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in objects), encoding="utf-8")
    for path, expected in [("rows.csv", rows), ("rows.jsonl", objects)]:
        for sample, row in zip(packed(folder / path, folder), expected, strict=True):
            assert int(sample["id"]) == row["id"]
            assert float(sample["score"]) == row["score"]
            assert bool(sample["ok"]) == row["ok"]
            assert sample["text"] == row["text"], (sample["text"], row["text"])
            assert "tokens" not in row or sample["tokens"].tolist() == row["tokens"]
    print(f"python: {SAMPLES} rows of CSV and JSON Lines, equal")


def main() -> None:
    """Everything, in a folder that goes afterwards."""
    sys.path.insert(0, str(ROOT / "packages/torch/python/src"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compare_goldens(folder)
        for compare in (compare_tars, compare_arrays, compare_tokens, compare_lines):
            part = folder / compare.__name__
            part.mkdir()
            compare(part)


if __name__ == "__main__":
    main()
