"""Writes the TFRecord files of this folder with TensorFlow 2.21 itself.

usage: make.py [FOLDER]     another folder to write to
"""

from __future__ import annotations

import sys
from pathlib import Path

import tensorflow as tf

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
ROWS = 5


def example(i: int) -> bytes:
    """Record ``i``: a scalar and a list of each kind, an image's beginning, a text."""
    feature = {
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"\xff\xd8\xff\xe0" + bytes([i])])),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[i - 2])),
        "tokens": tf.train.Feature(int64_list=tf.train.Int64List(value=[2**62 + j for j in range(i)])),
        "score": tf.train.Feature(float_list=tf.train.FloatList(value=[i / 3])),
        "box": tf.train.Feature(float_list=tf.train.FloatList(value=[i, -i, 0.5, 1e30])),
        "text": tf.train.Feature(bytes_list=tf.train.BytesList(value=[f"Zeile {i}".encode()])),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString(deterministic=True)


here.mkdir(exist_ok=True)
for name, compression in (("plain.tfrecord", ""), ("packed.tfrecord.gz", "GZIP")):
    with tf.io.TFRecordWriter(
        str(here / name), tf.io.TFRecordOptions(compression_type=compression)
    ) as writer:
        for i in range(ROWS):
            writer.write(example(i))
sequence = tf.train.SequenceExample(
    feature_lists=tf.train.FeatureLists(
        feature_list={
            "frames": tf.train.FeatureList(
                feature=[tf.train.Feature(int64_list=tf.train.Int64List(value=[1]))]
            )
        }
    )
)
with tf.io.TFRecordWriter(str(here / "sequence.tfrecord")) as writer:
    writer.write(sequence.SerializeToString())
