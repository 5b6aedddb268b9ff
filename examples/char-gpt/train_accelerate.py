"""Trains the small GPT with Hugging Face Accelerate, on as many ranks as it is launched with.

torchrun --nproc-per-node=2 train_accelerate.py data/shakespeare/train data/shakespeare/validation
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

# Threads that spin while they wait would take the cores from the loader's servers.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from accelerate import Accelerator
from model import CharGpt
from torch import Tensor

from zero_copy_loader import Windows
from zero_copy_loader.torch import DataLoader

CONTEXT = 64
# One token more than the model sees, for each of them is followed by one to be guessed.
WINDOWS: Windows = {"field": "tokens", "length": CONTEXT + 1, "stride": CONTEXT}


def main() -> None:
    arguments = parse_arguments()
    accelerator = Accelerator(cpu=True)
    train = DataLoader(arguments.train, batch_size=16, shuffle=True, seed=7, drop_last=True, windows=WINDOWS)
    validation = DataLoader(arguments.validation, batch_size=64, windows=WINDOWS)
    letters = json.loads(train.dataset.schema.metadata["letters"])
    model = CharGpt(len(letters), CONTEXT)
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, betas=(0.9, 0.99), weight_decay=0.1)

    # The loaders need no `prepare`: each rank finds its share by itself. Registered, they are part of what
    # `save_state` writes, and go on within an epoch.
    model, optimizer = accelerator.prepare(model, optimizer)
    accelerator.register_for_checkpointing(train)
    if arguments.resume is not None:
        accelerator.load_state(str(arguments.resume))
    fit(accelerator, model, optimizer, itertools.islice(endless(train), arguments.steps))
    if arguments.save is not None:
        accelerator.save_state(str(arguments.save))
    loss = score(accelerator, model, validation)
    accelerator.print(f"after {arguments.steps} steps of {accelerator.num_processes} ranks: loss {loss:.3f}")
    accelerator.end_training()


def fit(
    accelerator: Accelerator,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    windows: Iterator[Tensor],
) -> None:
    """One step for each batch of windows."""
    network = accelerator.unwrap_model(model)
    model.train()
    for window in windows:
        scores = model(window[:, :-1])
        loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), window[:, 1:].flatten())
        optimizer.zero_grad()
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()


def endless(loader: DataLoader) -> Iterator[Tensor]:
    """The windows of one epoch after the other, each in another order."""
    for _ in itertools.count():
        for batch in loader:
            # uint16 as it lies in the file; an embedding wants int64.
            yield batch["tokens"].long()


@torch.no_grad()
def score(accelerator: Accelerator, model: torch.nn.Module, loader: DataLoader) -> float:
    """The mean loss over all windows of all ranks."""
    network = accelerator.unwrap_model(model).eval()
    sums = torch.zeros(2)
    for batch in loader:
        window = batch["tokens"].long()
        sums += torch.tensor([network.loss(window).item() * len(window), len(window)])
    total, windows = accelerator.reduce(sums, "sum").tolist()
    return total / windows


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("train", type=Path, help="the dataset to learn from")
    parser.add_argument("validation", type=Path, help="the dataset to be judged by")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--save", type=Path, help="a folder for the state at the end")
    parser.add_argument("--resume", type=Path, help="a state to go on from")
    return parser.parse_args()


if __name__ == "__main__":
    main()
