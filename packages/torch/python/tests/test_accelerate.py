"""Hugging Face Accelerate trains from our loaders, which its `prepare` passes through as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from helpers.datasets import write_images

pytest.importorskip("accelerate", reason="Accelerate is not installed: `npm run test:interop`")

TRAIN = """
    import itertools, json, sys
    import torch
    from accelerate import Accelerator
    from zero_copy_loader.torch import DataLoader

    images, folder, batches, before = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    loader = DataLoader(images, batch_size=5, shuffle=True, seed=5)
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 100)
    model, optimizer, prepared, schedule = accelerator.prepare(model, optimizer, loader, schedule)
    assert prepared is loader
    accelerator.register_for_checkpointing(loader)
    if before != "-":
        accelerator.load_state(before)
    seen = []
    for batch in itertools.islice(prepared, batches):
        with accelerator.accumulate(model):
            loss = model(batch["image"].float().mean((1, 2, 3))[:, None] / 255).mean()
            accelerator.backward(loss)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        seen += accelerator.gather_for_metrics(batch["label"]).tolist()
    accelerator.save_state(f"{folder}/state")
    with open(f"{folder}/rank-{accelerator.process_index}.json", "w") as file:
        json.dump({"seen": seen, "length": len(loader), "ranks": accelerator.num_processes}, file)
    accelerator.end_training()
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("accelerate") / "images")


def train(images: Path, folder: Path, batches: int, before: Path | str = "-") -> list[dict[str, Any]]:
    """What both ranks report of so many batches."""
    folder.mkdir()
    script = folder / "train.py"
    script.write_text(textwrap.dedent(TRAIN))
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    ended = subprocess.run(
        [sys.executable, *launch, script, images, folder, str(batches), before],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(path.read_text()) for path in sorted(folder.glob("rank-*.json"))]


def test_a_saved_state_goes_on_with_the_samples_that_are_left(images: Path, tmp_path: Path) -> None:
    from zero_copy_loader.torch import DataLoader

    first = train(images, tmp_path / "first", batches=4)
    second = train(images, tmp_path / "second", batches=100, before=tmp_path / "first" / "state")
    with DataLoader(images, batch_size=10, shuffle=True, seed=5) as loader:
        expected = [label for batch in loader for label in batch["label"].tolist()]
    for rank in range(2):
        assert first[rank]["seen"] + second[rank]["seen"] == expected
        assert (first[rank]["length"], first[rank]["ranks"]) == (10, 2)
    assert len(first[0]["seen"]) == 40
