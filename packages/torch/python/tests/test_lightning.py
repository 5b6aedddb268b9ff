"""PyTorch Lightning trains from our loaders: it asks for lengths, iterators and states in its own way."""

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

pytest.importorskip("lightning", reason="PyTorch Lightning is not installed: `npm run test:interop`")

#: Trains a model that writes down the samples it was given, and says what each rank saw.
TRAIN = """
    import json, sys, warnings
    import torch
    from lightning import LightningModule, Trainer
    from lightning.pytorch.callbacks import ModelCheckpoint
    from torch.utils.data.distributed import DistributedSampler
    from zero_copy_loader.torch import DataLoader

    images, folder, task = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])

    class Model(LightningModule):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(()))
            self.seen, self.judged = [], []

        def training_step(self, batch, number):
            self.seen.append([self.current_epoch, *batch["label"].tolist()])
            return (batch["image"].float().mean() * self.weight).mean()

        def validation_step(self, batch, number):
            self.judged.append(batch["label"].tolist())

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    warnings.filterwarnings("ignore")
    if task.get("sampler"):
        sampler = DistributedSampler(range(100), num_replicas=1, rank=0, seed=3)
        train = DataLoader(images, batch_size=10, sampler=sampler)
    else:
        train = DataLoader(images, batch_size=10, shuffle=True, seed=5)
    validation = DataLoader(images, batch_size=10)
    model = Model()
    saves = ModelCheckpoint(folder, save_top_k=-1, every_n_train_steps=task.get("save_every", 1000))
    trainer = Trainer(
        max_epochs=2, max_steps=task.get("steps", -1), accelerator="cpu", devices=task.get("ranks", 1),
        strategy="ddp" if "ranks" in task else "auto", logger=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[saves], limit_val_batches=task.get("validation", 1.0),
    )
    trainer.fit(model, train, validation, ckpt_path=task.get("from"), weights_only=False)
    report = {"seen": model.seen, "judged": model.judged, "state": train.state_dict(), "length": len(train)}
    with open(f"{folder}/rank-{trainer.global_rank}.json", "w") as file:
        json.dump(report, file)
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("lightning") / "images")


def train(images: Path, folder: Path, **task: Any) -> list[dict[str, Any]]:
    """What each rank reports of a training."""
    folder.mkdir(exist_ok=True)
    # A file, for Lightning starts the other ranks by running it again.
    script = folder / "train.py"
    script.write_text(textwrap.dedent(TRAIN))
    environment = {key: value for key, value in os.environ.items() if key not in ("RANK", "WORLD_SIZE")}
    ended = subprocess.run(
        [sys.executable, script, images, folder, json.dumps(task)],
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(path.read_text()) for path in sorted(folder.glob("rank-*.json"))]


def epochs_of(images: Path) -> list[list[int]]:
    """The orders of the first two epochs, from the loader alone."""
    from zero_copy_loader.torch import DataLoader

    with DataLoader(images, batch_size=10, shuffle=True, seed=5) as loader:
        return [[label for batch in loader for label in batch["label"].tolist()] for _ in range(2)]


def labels(seen: list[list[int]], epoch: int) -> list[int]:
    return [label for number, *batch in seen if number == epoch for label in batch]


def test_its_epochs_are_the_loaders(images: Path, tmp_path: Path) -> None:
    (report,) = train(images, tmp_path)
    assert [labels(report["seen"], epoch) for epoch in (0, 1)] == epochs_of(images)
    # Two batches before the training, to see whether validation works, and then the whole set twice.
    assert [label for batch in report["judged"][2:] for label in batch] == [*range(100), *range(100)]
    assert (report["length"], report["state"]["epoch"]) == (10, 2)


def test_a_checkpoint_within_an_epoch_goes_on_there(images: Path, tmp_path: Path) -> None:
    (first,) = train(images, tmp_path, steps=14, save_every=14)
    (checkpoint,) = tmp_path.glob("*.ckpt")
    (second,) = train(images, tmp_path / "later", **{"from": str(checkpoint)})
    assert [len(first["seen"]), len(second["seen"])] == [14, 6]
    seen = [label for _, *batch in first["seen"] + second["seen"] for label in batch]
    assert seen == [label for epoch in epochs_of(images) for label in epoch]


def test_ranks_have_their_shares_without_a_sampler(images: Path, tmp_path: Path) -> None:
    reports = train(images, tmp_path, ranks=2, validation=0)
    for epoch, expected in enumerate(epochs_of(images)):
        ranks = [[batch for number, *batch in report["seen"] if number == epoch] for report in reports]
        steps = zip(*ranks, strict=True)
        assert [label for step in steps for batch in step for label in batch] == expected
    assert [report["length"] for report in reports] == [5, 5]


def test_it_tells_a_sampler_the_epoch(images: Path, tmp_path: Path) -> None:
    from torch.utils.data.distributed import DistributedSampler

    (report,) = train(images, tmp_path, sampler=True)
    sampler: Any = DistributedSampler(range(100), num_replicas=1, rank=0, seed=3)  # type: ignore[arg-type]
    for epoch in (0, 1):
        sampler.set_epoch(epoch)
        assert labels(report["seen"], epoch) == [*sampler]
