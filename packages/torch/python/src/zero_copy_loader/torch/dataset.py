"""The map-style dataset for PyTorch: `zero_copy_loader.Dataset` with torch tensors in its samples."""

from __future__ import annotations

from typing import Any

import torch.utils.data

from ..dataset import Dataset as _NumpyDataset
from ..sample import Sample
from .tensor_view import TensorView


class Dataset(_NumpyDataset, torch.utils.data.Dataset[dict[str, Any]]):
    """The samples of a dataset, for those who keep ``torch.utils.data.DataLoader``.

    ``dataset[i]`` is a dict of tensors that are the caller's own. A batch is gathered by native code as a
    whole, and torch's loader hands it out as it is: with its default collate function or with `collate`, no
    sample is looked at by itself. It works under ``fork`` and ``spawn`` workers.

    Fields of fixed shape come as tensors, of ragged shape as `Packed`, text, JSON and bytes as lists that
    decode when asked.

    Example::

        dataset = Dataset("data/train")
        for batch in torch.utils.data.DataLoader(dataset, batch_size=256, shuffle=True):
            loss = step(batch["image"], batch["label"])
    """

    _view_type = TensorView

    def _copied(self, sample: Sample) -> dict[str, Any]:
        return {
            field.name: TensorView(field.decoded).row(value)
            for field, value in zip(self.schema.fields, super()._copied(sample).values(), strict=True)
        }
