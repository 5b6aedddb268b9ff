"""Trains a classifier of spoken digits on a packed dataset and says how often it is right on another one.

python3 train.py data/train data/test
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

# Threads that spin while they wait would take the cores from the loader's server.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from model import DigitNet
from torch import nn
from torch.nn.functional import cross_entropy

from zero_copy_loader.torch import DataLoader


def main() -> None:
    arguments = parse_arguments()
    torch.manual_seed(arguments.seed)
    model = DigitNet()
    train = DataLoader(
        arguments.train, batch_size=64, shuffle=True, seed=arguments.seed, fields=["audio", "label"]
    )
    test = DataLoader(arguments.test, batch_size=100, fields=["audio", "label"])

    started = time.monotonic()
    traffic = fit(model, train, arguments.epochs)
    correct, total = score(model, test)
    report = {
        "accuracy": correct / total,
        "correct": correct,
        "total": total,
        "epochs": arguments.epochs,
        "seconds": round(time.monotonic() - started, 2),
        **traffic,
    }
    if arguments.json:
        print(json.dumps(report))
    else:
        print(f"{correct} of {total} right: {report['accuracy']:.1%}, in {report['seconds']} s")
        print(
            f"a batch took {report['socket_bytes_per_batch']:.0f} bytes on the socket"
            f" and {report['sample_bytes_per_batch']:.0f} bytes of shared memory"
        )


def fit(model: nn.Module, loader: DataLoader, epochs: int) -> dict[str, float]:
    """Trains, and gives how many bytes a batch took on the socket and in shared memory."""
    steps = epochs * len(loader)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
    socket_bytes = loader.stats()["socket_bytes"]
    sample_bytes = 0
    model.train()
    for epoch in range(epochs):
        started, losses = time.monotonic(), []
        for batch in loader:
            # Views of memory shared with the server; padding makes the one copy that a dense batch needs.
            audio, label = batch["audio"], batch["label"]
            sample_bytes += audio.values.nbytes + label.nbytes
            loss = cross_entropy(model(audio.padded()[0]), label)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        seconds = time.monotonic() - started
        print(f"epoch {epoch}: loss {sum(losses) / len(losses):.3f}, {seconds:.1f} s", file=sys.stderr)
    socket_bytes = loader.stats()["socket_bytes"] - socket_bytes
    return {
        "batches": steps,
        "socket_bytes_per_batch": socket_bytes / steps,
        "sample_bytes_per_batch": sample_bytes / steps,
    }


@torch.no_grad()
def score(model: nn.Module, loader: DataLoader) -> tuple[int, int]:
    """How many samples are labelled right, of how many."""
    model.eval()
    correct = total = 0
    for batch in loader:
        guess = model(batch["audio"].padded()[0]).argmax(dim=1)
        correct += int((guess == batch["label"]).sum())
        total += len(guess)
    return correct, total


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("train", type=Path, help="the dataset to learn from")
    parser.add_argument("test", type=Path, help="the dataset to be judged by")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
