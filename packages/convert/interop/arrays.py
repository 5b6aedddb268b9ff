"""What NumPy and Python's ``wave`` write, packed by ``zc`` and read back element by element.

Each of NUMPY_VERSIONS goes into a folder of its own under ``.cache/interop``. The golden arrays are made anew
by each and compared with the committed ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "packages/convert/test/golden"
NUMPY_VERSIONS = ("1.26.4", "2.2.6")
ROWS = 200

# Run by each NumPy: writes one array of random elements for every type that a shard can hold.
WRITE = """
import sys
import numpy as np
random = np.random.default_rng(7)
for name in ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
             "float16", "float32", "float64", "complex64"):
    shape = (int(sys.argv[2]), 3, 5)
    raw = random.integers(0, 256, size=shape + (np.dtype(name).itemsize,), dtype=np.uint8)
    array = raw.view(name).reshape(shape) if name != "bool" else raw[..., 0] % 2 == 1
    np.save(f"{sys.argv[1]}/{name}.npy", array)
"""


def install(version: str) -> Path:
    """A folder with this NumPy in it."""
    folder = ROOT / ".cache/interop" / f"numpy-{version}"
    if not (folder / "numpy").exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
        subprocess.run([*pip, f"numpy=={version}"], check=True)
    return folder


def run_with(library: Path, *arguments: str) -> None:
    """Runs Python with this NumPy instead of its own."""
    subprocess.run([sys.executable, *arguments], check=True, env={**os.environ, "PYTHONPATH": str(library)})


def pack(source: Path, target: Path) -> None:
    """Packs with the command line, as a user would."""
    program = str(ROOT / "packages/cli/bin/zc.js")
    arguments = ["node", program, "pack", str(source), str(target), "--json"]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)


def compare_arrays(folder: Path, version: str) -> None:
    """Packs a folder of arrays and compares each element with what NumPy itself reads."""
    import numpy as np

    import zero_copy_loader as zc

    arrays, packed = folder / f"arrays-{version}", folder / f"packed-{version}"
    arrays.mkdir()
    run_with(install(version), "-c", WRITE, str(arrays), str(ROWS))
    pack(arrays, packed)
    dataset = zc.Dataset(packed)
    assert len(dataset) == ROWS, len(dataset)
    for path in sorted(arrays.glob("*.npy")):
        expected = np.load(path)
        for i in range(ROWS):
            found = np.asarray(dataset[i][path.stem])
            assert found.dtype == expected.dtype, (path.stem, found.dtype)
            assert found.tobytes() == expected[i].tobytes(), (path.stem, i)
    print(f"numpy {version}: {len(list(arrays.glob('*.npy')))} types, {ROWS} rows, equal")


def compare_goldens(folder: Path, version: str) -> None:
    """The script that made the golden arrays makes the same ones with this NumPy."""
    made = folder / f"golden-{version}"
    made.mkdir()
    run_with(install(version), str(GOLDEN / "make.py"), str(made))
    # Pickled objects, which are refused, name modules that differ between the versions.
    for path in sorted(path for path in made.iterdir() if path.stem != "object"):
        is_equal = path.read_bytes() == (GOLDEN / path.name).read_bytes()
        assert is_equal, f"{path.name} of NumPy {version} differs"
    print(f"numpy {version}: {len(list(made.iterdir()))} golden arrays, equal")


def compare_recordings(folder: Path) -> None:
    """Recordings of one and two channels that Python's own library wrote."""
    import numpy as np

    import zero_copy_loader as zc

    for channels in (1, 2):
        recordings, packed = folder / f"recordings-{channels}", folder / f"spoken-{channels}"
        recordings.mkdir()
        expected = {}
        for i in range(20):
            shape = (100 + 37 * i, channels)
            samples = np.random.default_rng(i).integers(-(2**15), 2**15, size=shape, dtype=np.int16)
            name = f"{i % 3}_ann_{i}.wav"
            with wave.open(str(recordings / name), "wb") as file:
                file.setnchannels(channels)
                file.setsampwidth(2)
                file.setframerate(8000)
                file.writeframes(samples.tobytes())
            expected[name] = samples[:, 0] if channels == 1 else samples
        pack(recordings, packed)
        for sample in zc.Dataset(packed):
            assert np.array_equal(sample["audio"], expected.pop(sample["name"]))
        assert not expected
        print(f"wave: 20 recordings, channels: {channels}, equal")


def main() -> None:
    """Everything, in a folder that goes afterwards."""
    sys.path.insert(0, str(ROOT / "packages/torch/python/src"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for version in NUMPY_VERSIONS:
            compare_goldens(folder, version)
            compare_arrays(folder, version)
        compare_recordings(folder)


if __name__ == "__main__":
    main()
