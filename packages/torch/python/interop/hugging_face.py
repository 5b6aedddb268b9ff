"""Hugging Face datasets with every kind of column, packed by `zero_copy_loader.pack` and compared.

The library and Pillow go into an environment of their own under ``.cache/interop``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[4]
PACKAGES = ("datasets==5.2.0", "pillow==13.0.0")
ROWS = 50

DTYPES = {
    "ids": "int32",
    "label": "int64",
    "weight": "float32",
    "matrix": "float32",
    "pair": "float64",
    "ragged": "int64",
    "yes": "bool",
    "image": "uint8",
}


def main() -> None:
    """Starts itself again in the environment."""
    environment = ROOT / ".cache/interop/hugging-face"
    python = environment / "bin/python"
    if not (environment / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (environment / "done").touch()
    with tempfile.TemporaryDirectory() as output:
        path = str(ROOT / "packages/torch/python/src")
        variables = {**os.environ, "PYTHONPATH": path, "HF_HOME": output}
        subprocess.run([python, __file__, output], check=True, env=variables)


def compare(folder: Path) -> None:
    import datasets
    import numpy as np

    import zero_copy_loader as zc

    made = datasets.Dataset.from_list([row(number) for number in range(ROWS)], features=features())
    for name, source in {"map": made, "iterable": made.to_iterable_dataset()}.items():
        assert zc.pack(source, folder / name).samples == ROWS
        packed = zc.Dataset(folder / name)
        for number in range(ROWS):
            compare_row(packed[number], row(number))
    formatted = made.select_columns(["label", "matrix"]).with_format("numpy")
    zc.pack(formatted, folder / "formatted")
    np.testing.assert_array_equal(zc.Dataset(folder / "formatted")[7]["matrix"], [[7, 1], [2, 3]])
    print(f"{ROWS} rows of {len(made.features)} columns, as a map and as an iterable: equal")


def compare_row(found: dict[str, Any], expected: dict[str, Any]) -> None:
    import numpy as np

    for field, dtype in DTYPES.items():
        assert found[field].dtype == dtype, field
        wanted = np.array(expected[field], dtype).reshape(found[field].shape)
        np.testing.assert_array_equal(found[field], wanted, field)
    for field in expected.keys() - DTYPES.keys():
        assert found[field] == expected[field], field


def features() -> Any:
    from datasets import Array2D, ClassLabel, Features, Image, Sequence, Value

    return Features(
        {
            "ids": Sequence(Value("int32")),
            "label": ClassLabel(names=["a", "b"]),
            "text": Value("string"),
            "weight": Value("float32"),
            "matrix": Array2D((2, 2), "float32"),
            "pair": Sequence(Value("float64"), length=2),
            "ragged": Sequence(Sequence(Value("int64"))),
            "words": Sequence(Value("string")),
            "nested": {"a": Value("int64")},
            "raw": Value("binary"),
            "yes": Value("bool"),
            "image": Image(),
        }
    )


def row(number: int) -> dict[str, Any]:
    import numpy as np
    import PIL.Image

    return {
        "ids": list(range(number + 1)),
        "label": number % 2,
        "text": f"text {number}",
        "weight": number / 8,
        "matrix": [[number, 1], [2, 3]],
        "pair": [number / 3, 1.0],
        "ragged": [[number] * 3] * (number % 4),
        "words": ["a"] * (number % 3),
        "nested": {"a": number},
        "raw": bytes([number]) * number,
        "yes": number % 3 == 0,
        "image": PIL.Image.fromarray(np.full((4, 5, 3), number, np.uint8)),
    }


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        compare(Path(sys.argv[1]))
