"""tf.data over a TFRecord of ``tf.train.Example``, as its performance guide has it.

Rows are shuffled within a window, batched, and parsed a batch at a time, with as many calls and batches ahead
as it finds best by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from arrays import consume
from own_copy import own_copy
from write_tfrecord import write

WINDOW_ROWS_MAX = 2048
#: Of large rows a larger window is slower: with 256 MiB they came half as fast.
WINDOW_BYTES_MAX = 32 << 20

FEATURES = {"x": tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([], tf.int64)}

folder: Path
batches: tf.data.Dataset


def prepare(settings: dict[str, Any]) -> list[str]:
    global folder
    folder = own_copy(settings, "tfrecord", write)
    return [str(folder)]


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global batches
    rows = tf.data.TFRecordDataset(str(folder / "rows.tfrecord"))
    if settings["shuffle"]:
        rows = rows.shuffle(min(WINDOW_ROWS_MAX, WINDOW_BYTES_MAX // settings["data"]["rowBytes"]))
    batches = rows.batch(settings["batchSize"]).map(parse, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def parse(records: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    samples = tf.io.parse_example(records, FEATURES)
    return tf.io.decode_raw(samples["x"], tf.uint8), samples["label"]


def epoch() -> Iterator[tuple[int, int, int]]:
    for x, label in batches.as_numpy_iterator():
        yield consume(x, label)


def close() -> None:
    global batches
    del batches
