"""Trains a small network on packed images through the bridge and tests it.

usage: train.py TRAIN TEST [--epochs N] [--accuracy A]     exits with 1 below the wanted accuracy
"""

from __future__ import annotations

import argparse
import sys
import time

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from zero_copy_loader.torch import DataLoader


def network() -> nn.Module:
    """Four times smaller pictures, then two convolutions."""
    return nn.Sequential(
        nn.AvgPool2d(4),
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Linear(512, 10),
    )


def images_of(batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """uint8 [n, height, width, channel] to float32 [n, channel, height, width] about zero."""
    return batch["image"].permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def main() -> int:
    """Trains, tests, prints one line an epoch."""
    parser = argparse.ArgumentParser()
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--accuracy", type=float, default=0.0)
    options = parser.parse_args()

    torch.manual_seed(0)
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    train = DataLoader(options.train, batch_size=64, shuffle=True, seed=7)
    test = DataLoader(options.test, batch_size=200)
    for epoch in range(options.epochs):
        started, seen, loss_sum = time.perf_counter(), 0, 0.0
        for batch in train:
            loss = cross_entropy(model(images_of(batch)), batch["label"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen += len(batch["label"])
            loss_sum += loss.item() * len(batch["label"])
        seconds = time.perf_counter() - started
        print(f"   epoch {epoch + 1}: {seen} images, {seconds:.1f} s, loss {loss_sum / seen:.3f}", flush=True)

    with torch.no_grad():
        right = [(model(images_of(batch)).argmax(1) == batch["label"]).float() for batch in test]
    accuracy = torch.cat(right).mean().item()
    print(f"   {accuracy:.1%} of {sum(len(part) for part in right)} test images right")
    return 0 if accuracy >= options.accuracy else 1


if __name__ == "__main__":
    sys.exit(main())
