"""A TFRecord of ``tf.train.Example``, as TensorFlow's guide writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from rows_in_memory import Labels, Rows, open_rows, write_once

open = open_rows  # noqa: A001


def write(folder: Path, rows: Rows, labels: Labels) -> None:
    folder.mkdir()
    with tf.io.TFRecordWriter(str(folder / "rows.tfrecord")) as writer:
        for row, label in zip(rows, labels.tolist(), strict=True):
            features = {
                "x": tf.train.Feature(bytes_list=tf.train.BytesList(value=[row.tobytes()])),
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


def epoch() -> Iterator[tuple[int, int, int]]:
    return write_once(write)


def close() -> None:
    """Nothing is held open."""
