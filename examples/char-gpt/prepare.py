"""Packs a text as tokens of characters: the first nine tenths to learn from, the rest to be judged by.

python3 prepare.py tinyshakespeare.txt data/shakespeare
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import zero_copy_loader as zc


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("folder", type=Path, help="where the datasets train and validation are made")
    arguments = parser.parse_args()

    text = arguments.text.read_text(encoding="utf-8")
    letters = sorted(set(text))
    cut = text.index("\n\n", len(text) * 9 // 10) + 2
    for name, part in [("train", text[:cut]), ("validation", text[cut:])]:
        pack(arguments.folder / name, part, letters)


def pack(path: Path, text: str, letters: list[str]) -> None:
    """Writes a dataset of the speeches of a text, each a document of uint16 tokens."""
    number_of = {letter: number for number, letter in enumerate(letters)}
    schema = zc.define_schema(
        {"tokens": zc.tensor("uint16", [None])}, metadata={"letters": json.dumps(letters)}
    )
    documents = 0
    with zc.DatasetWriter(path, schema, shard_bytes="512KiB") as writer:
        for speech in speeches(text):
            writer.append({"tokens": np.array([number_of[letter] for letter in speech], np.uint16)})
            documents += 1
    print(f"{path}: {len(text)} tokens in {documents} documents")


def speeches(text: str) -> Iterator[str]:
    """The parts of a text that end with an empty line; one behind the other they are the text."""
    while text:
        speech, line, text = text.partition("\n\n")
        yield speech + line


if __name__ == "__main__":
    main()
