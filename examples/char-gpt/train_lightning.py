"""Trains the small GPT with PyTorch Lightning: two ranks on the CPU, and a checkpoint to go on from.

python3 train_lightning.py data/shakespeare/train data/shakespeare/validation
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

# Threads that spin while they wait would take the cores from the loader's servers.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from lightning import LightningModule, Trainer
from model import CharGpt
from torch import Tensor

from zero_copy_loader import Windows
from zero_copy_loader.torch import DataLoader

CONTEXT = 64
# One token more than the model sees, for each of them is followed by one to be guessed.
WINDOWS: Windows = {"field": "tokens", "length": CONTEXT + 1, "stride": CONTEXT}


class Learner(LightningModule):
    """What Lightning wants of a model."""

    def __init__(self, letters: int) -> None:
        super().__init__()
        self.model = CharGpt(letters, CONTEXT)

    def training_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        # uint16 as it lies in the file; an embedding wants int64.
        return self.model.loss(batch["tokens"].long())

    def validation_step(self, batch: dict[str, Tensor], _: int) -> None:
        window = batch["tokens"].long()
        self.log("loss", self.model.loss(window), batch_size=len(window), sync_dist=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), 2e-3, betas=(0.9, 0.99), weight_decay=0.1)


def main() -> None:
    arguments = parse_arguments()
    # No sampler: each rank finds its share by itself, and Lightning replaces none in a loader that is not
    # torch's. It saves our loaders in its checkpoints, so that they go on within an epoch.
    train = DataLoader(arguments.train, batch_size=16, shuffle=True, seed=7, drop_last=True, windows=WINDOWS)
    validation = DataLoader(arguments.validation, batch_size=64, windows=WINDOWS)
    letters = json.loads(train.dataset.schema.metadata["letters"])

    trainer = Trainer(
        accelerator="cpu",
        devices=arguments.ranks,
        strategy="ddp",
        max_steps=arguments.steps,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=arguments.checkpoints is not None,
        default_root_dir=arguments.checkpoints,
        gradient_clip_val=1.0,
    )
    learner = Learner(len(letters))
    trainer.fit(learner, train, ckpt_path=arguments.resume)
    (scores,) = trainer.validate(learner, validation, verbose=False)
    if trainer.is_global_zero:
        print(f"after {trainer.global_step} steps of {arguments.ranks} ranks: loss {scores['loss']:.3f}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("train", type=Path, help="the dataset to learn from")
    parser.add_argument("validation", type=Path, help="the dataset to be judged by")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--checkpoints", type=Path, help="a folder for checkpoints; none are written without")
    parser.add_argument("--resume", type=Path, help="a checkpoint to go on from")
    return parser.parse_args()


if __name__ == "__main__":
    main()
