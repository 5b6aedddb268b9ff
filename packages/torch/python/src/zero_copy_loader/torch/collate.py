"""Makes a batch of tensors of what a map-style dataset gathered, without looking at each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.utils.data._utils.collate import default_collate_fn_map
from torch.utils.data.dataloader import default_collate

from ..gathered import Gathered, Row
from .tensor_view import TensorView


def collate(samples: Sequence[Any]) -> Any:
    """A ``collate_fn`` for torch's loader over a `Dataset`: the batch as `DataLoader` would hand it out.

    What was gathered as a whole is handed on as it lies in memory, copying nothing: tensors, `Packed`, and
    lists that decode when asked. Samples that were changed, or come one by one, are stacked by torch's
    default collate function; which in its turn calls this one for the samples of our datasets.

    Example::

        torch.utils.data.DataLoader(dataset, batch_size=256, collate_fn=collate)
    """
    if isinstance(samples, Gathered) and samples.as_gathered:
        if isinstance(samples.views[0], TensorView):
            return samples.batch
        return samples.batch_of([TensorView(view.field) for view in samples.views])
    return default_collate([dict(each) if isinstance(each, Row) else each for each in samples])


def _collate_rows(samples: Sequence[Any], **_: object) -> Any:
    return collate(samples)


# The way that torch documents for types of one's own (`torch.utils.data.default_collate`).
default_collate_fn_map[Row] = _collate_rows
