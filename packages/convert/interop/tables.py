"""What other libraries write, packed by ``zc``, and every export of ``zc``, read back by others.

The writers are pyarrow, Hugging Face ``datasets``, TensorFlow and MosaicML Streaming, the readers pyarrow,
``datasets``, webdataset, NumPy and Python's ``json``; all is compared by element.

The libraries go into environments under ``.cache/interop``: those that clash into one of their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "packages/convert/test/golden"
ENVIRONMENTS = ROOT / ".cache/interop"
LIBRARIES = {
    "tables": ("pyarrow", "datasets==5.2", "webdataset", "numpy", "pillow"),
    "tensorflow": ("tensorflow-cpu==2.21",),
    "mosaicml": ("mosaicml-streaming==0.13",),
}
#: Which environment's libraries wrote the committed files of a folder, and the inputs in it.
GOLDENS = (
    ("tables", "pyarrow", ("snappy.parquet", "zstd.parquet", "file.arrow", "stream.arrows")),
    ("tables", "datasets", ("saved", "hub.parquet")),
    ("tensorflow", "tensorflow", ("plain.tfrecord", "packed.tfrecord.gz")),
    ("mosaicml", "mosaicml", ("plain", "packed")),
)
ROWS = 50

# Run in the environment: compares one export with the rows that Python itself read from the shards.
CHECK = """
import json, sys
import numpy as np
folder, rows = sys.argv[1], json.load(open(sys.argv[1] + "/expected.json"))

def check(name, found):
    for i, expected in enumerate(rows):
        for field, value in expected.items():
            actual = found(i, field)
            assert actual == value, (name, i, field, actual, value)
    print(f"{name}: {len(rows)} rows, equal")

import pyarrow.parquet as pq
table = pq.read_table(folder + "/x.parquet").to_pylist()
check("pyarrow, parquet", lambda i, field: table[i][field])
import pyarrow.ipc as ipc
arrow = ipc.open_file(folder + "/x.arrow").read_all()
arrow.validate(full=True)
arrow = arrow.to_pylist()
check("pyarrow, arrow", lambda i, field: arrow[i][field])
import datasets
for kind in ("parquet", "arrow"):
    dataset = datasets.load_dataset(
        kind, data_files=f"{folder}/x.{kind}", split="train", cache_dir=f"{folder}/cache"
    )
    assert isinstance(dataset.features["label"], datasets.ClassLabel), dataset.features
    check(f"datasets, {kind}", lambda i, field: dataset[i][field])
lines = [json.loads(line) for line in open(folder + "/x.jsonl")]
check("json", lambda i, field: lines[i][field])
fixed = {name: np.load(f"{folder}/npy/{name}.npy") for name in ("label", "pixels")}
for i, expected in enumerate(rows):
    for name, array in fixed.items():
        assert array[i].tolist() == expected[name], (name, i)
print(f"numpy: {len(rows)} rows, equal")
import webdataset
samples = list(webdataset.WebDataset(folder + "/x.tar", shardshuffle=False).decode())
endings = {"label": "label.cls", "pixels": "pixels.npy", "tokens": "tokens.npy", "text": "text"}
plain = lambda value: value.tolist() if hasattr(value, "tolist") else value
check("webdataset", lambda i, field: plain(samples[i][endings[field]]))
"""


def python(environment: str) -> str:
    """The interpreter of an environment, which is made if need be."""
    folder = ENVIRONMENTS / environment
    program = folder / "bin/python"
    if not program.exists():
        venv.create(folder, with_pip=True)
    subprocess.run([program, "-m", "pip", "install", "--quiet", *LIBRARIES[environment]], check=True)
    return str(program)


def zc(*arguments: str | Path) -> None:
    """The command line, as a user would."""
    program = ROOT / "packages/cli/bin/zc.js"
    subprocess.run(["node", program, *map(str, arguments), "--json"], check=True, stdout=subprocess.DEVNULL)


def compare_goldens(folder: Path) -> None:
    """What the libraries write now gives the samples that the committed files give."""
    import zero_copy_loader as zc_loader

    for environment, library, inputs in GOLDENS:
        made = folder / library
        made.mkdir()
        make = [python(environment), GOLDEN / library / "make.py", made]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        for name in inputs:
            packed = [folder / f"{library}-{name}-{side}" for side in ("old", "new")]
            zc("pack", GOLDEN / library / name, packed[0])
            zc("pack", made / name, packed[1])
            old, new = (zc_loader.Dataset(path) for path in packed)
            assert len(old) == len(new) > 0
            for i in range(len(old)):
                assert str(dict(old[i])) == str(dict(new[i])), (library, name, i)
            print(f"{library} {name}: {len(new)} samples, equal")


def samples_of(rows: int) -> list[dict[str, object]]:
    """Samples of tensors, texts and classes as plain values."""
    import numpy as np

    random = np.random.default_rng(7)
    samples: list[dict[str, object]] = []
    for i in range(rows):
        sample: dict[str, object] = {
            "label": int(random.integers(0, 3)),
            "pixels": random.integers(0, 256, (2, 3)).tolist(),
            "tokens": random.integers(0, 2**40, int(random.integers(1, 9))).tolist(),
            "text": f"Zeile {i} “ü”",
        }
        samples.append(sample)
    return samples


def compare_exports(folder: Path, program: str) -> None:
    """Every export, read by the libraries that it is for."""
    (folder / "expected.json").write_text(json.dumps(samples_of(ROWS)))
    write_dataset(folder / "dataset")
    for name in ("x.parquet", "x.arrow", "x.jsonl", "x.tar"):
        zc("export", folder / "dataset", folder / name)
    zc("export", folder / "dataset", folder / "npy", "--to", "npy", "--fields", "label,pixels")
    subprocess.run([program, "-c", CHECK, str(folder)], check=True)


def write_dataset(path: Path) -> None:
    """The samples of ``expected.json`` beside it in shards, in which they have their dtypes."""
    script = """
import { readFileSync } from 'node:fs';
import { defineSchema, field } from '@zc/format';
import { DatasetWriter } from '@zc/format/node';
const [, path, expected] = process.argv;
const schema = defineSchema(
  {
    label: field.scalar('int64'),
    pixels: field.tensor('uint8', [2, 3]),
    tokens: field.tensor('int64', [null]),
    text: field.text(),
  },
  { metadata: { classes: JSON.stringify(['a', 'b', 'c']) } },
);
const writer = await DatasetWriter.create(path, { schema });
for (const sample of JSON.parse(readFileSync(expected, 'utf8'))) {
  await writer.append({ ...sample, pixels: sample.pixels.flat() });
}
await writer.finish();
"""
    subprocess.run(
        ["node", "--input-type=module", "-e", script, str(path), str(path.parent / "expected.json")],
        check=True,
        cwd=ROOT / "packages/convert",
    )


def main() -> None:
    """Everything, in a folder that goes afterwards."""
    sys.path.insert(0, str(ROOT / "packages/torch/python/src"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compare_exports(folder, python("tables"))
        compare_goldens(folder)


if __name__ == "__main__":
    main()
