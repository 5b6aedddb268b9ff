"""Trains a small GPT on the windows of a token stream, and says how well it guesses another one.

python3 train.py data/shakespeare/train data/shakespeare/validation
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# Threads that spin while they wait would take the cores from the loader's server.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from model import CharGpt
from torch import Tensor

from zero_copy_loader import Windows
from zero_copy_loader.torch import DataLoader

CONTEXT = 64
# One token more than the model sees, for each of them is followed by one to be guessed.
WINDOWS: Windows = {"field": "tokens", "length": CONTEXT + 1, "stride": CONTEXT}


def main() -> None:
    arguments = parse_arguments()
    torch.manual_seed(arguments.seed)
    train = DataLoader(
        arguments.train, batch_size=32, shuffle=True, seed=arguments.seed, drop_last=True, windows=WINDOWS
    )
    validation = DataLoader(arguments.validation, batch_size=128, windows=WINDOWS)
    letters = json.loads(train.dataset.schema.metadata["letters"])
    model = CharGpt(len(letters), CONTEXT)

    started = time.monotonic()
    fitted = fit(model, train, arguments.steps)
    report = {
        "steps": arguments.steps,
        **fitted,
        "validation_loss": score(model, validation),
        "seconds": round(time.monotonic() - started, 1),
    }
    if arguments.json:
        print(json.dumps(report))
        return
    print(f"loss {report['loss']:.3f}, on text it has not seen {report['validation_loss']:.3f}")
    print(f"in {report['seconds']} s, of which the model waited {report['waited_seconds']:.2f} s for windows")
    start = torch.tensor([letters.index("\n")])
    print("".join(letters[token] for token in model.write(start, 300)))


def fit(model: CharGpt, loader: DataLoader, steps: int) -> dict[str, float]:
    """Trains; gives the mean loss of the last twentieth of the steps, and how long it waited for windows."""
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.99), weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    losses: list[float] = []
    waited = 0.0
    batches = endless(loader)
    model.train()
    for step in range(steps):
        asked = time.monotonic()
        window = next(batches)
        waited += time.monotonic() - asked
        loss = model.loss(window)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % 50 == 49:
            print(f"step {step + 1}: loss {sum(losses[-50:]) / 50:.3f}", file=sys.stderr)
    last = losses[-math.ceil(steps / 20) :]
    return {"loss": sum(last) / len(last), "waited_seconds": round(waited, 3)}


def endless(loader: DataLoader) -> Iterator[Tensor]:
    """The windows of one epoch after the other, each in another order."""
    for _ in itertools.count():
        for batch in loader:
            # uint16 as it lies in the file; an embedding wants int64.
            yield batch["tokens"].long()


@torch.no_grad()
def score(model: CharGpt, loader: DataLoader) -> float:
    """The mean loss over all windows."""
    model.eval()
    total = windows = 0.0
    for batch in loader:
        window = batch["tokens"].long()
        total += model.loss(window).item() * len(window)
        windows += len(window)
    return total / windows


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("train", type=Path, help="the dataset to learn from")
    parser.add_argument("validation", type=Path, help="the dataset to be judged by")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
