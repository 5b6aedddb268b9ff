"""Batches of torch tensors that lie in memory shared with the server."""

from __future__ import annotations

from typing import Any

import torch
import torch.utils.data

from ..loader import DataLoader as _NumpyDataLoader
from .cuda import Cuda, device_of, warn_without_cuda
from .tensor_view import TensorView


class DataLoader(_NumpyDataLoader):
    """An iterable of batches: dicts of torch tensors that lie in shared memory, nothing copied in between.

    Each iteration is the next epoch, also after a ``break``. Tensors are writable and the caller's own, in
    place operations included: a slot is written again only when the last tensor that aliases it is gone. Each
    has a storage of its own bytes, so that ``torch.save(batch["label"])`` saves the label. Keeping batches is
    safe; past ``max_memory_bytes`` the next one raises ZC_MEMORY_BUDGET.

    ``device="cuda"`` hands out batches there, copied from pinned memory on a stream of the loader's own;
    ``pin_memory=True`` hands out tensors in pinned memory. A slot is then used again only when the stream
    that is current in the training loop has done what was queued before the batch was let go of: a copy on
    another stream must keep its tensors until it is done. Where there is no CUDA both warn, and batches stay
    as they are.

    Fields of ragged shape come as `Packed`, text, JSON and bytes as lists that decode when asked.

    Example::

        loader = DataLoader("data/train", batch_size=64, shuffle=True, seed=7)
        for epoch in range(10):
            for batch in loader:
                loss = step(batch["image"], batch["label"])
            torch.save({"model": model.state_dict(), "loader": loader.state_dict()}, "last.pt")
    """

    _view_type = TensorView

    def _checked_device(self, device: Any) -> torch.device | None:
        self._cuda: Cuda | None = None
        self._cuda_is_missing = False
        found: torch.device | None = device_of(device)
        return found

    def _accelerator(self) -> Cuda | None:
        if self.device is None and not self.pin_memory:
            return None
        # Not before the first iteration: a program that forks must not have begun with CUDA.
        if not torch.cuda.is_available():
            if not self._cuda_is_missing:
                warn_without_cuda()
            self._cuda_is_missing = True
            return None
        if self._cuda is None:
            self._cuda = Cuda(self.device)
        return self._cuda

    @staticmethod
    def _default_collate(samples: list[Any]) -> Any:
        return torch.utils.data.default_collate(samples)

    def _sampler_begun(self) -> None:
        # torch's own loader draws a seed for its workers here. Drawing it too leaves a seeded job's samplers
        # the order that they have there.
        torch.empty((), dtype=torch.int64).random_()
