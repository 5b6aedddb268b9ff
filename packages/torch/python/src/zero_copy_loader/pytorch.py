"""Whether the PyTorch that is installed is one that this package can work with."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from .errors import ZcError

#: The first that takes all unsigned integers of NumPy, and that was built for NumPy 2.
VERSION_MIN: Final = (2, 3)


class PyTorchMissingError(ZcError, ImportError):
    """ZC_TORCH_PYTORCH_MISSING, which programs that can do without torch catch as an ImportError."""


def require_pytorch() -> None:
    """Raises ZC_TORCH_PYTORCH_MISSING where torch is not installed, too old, or at odds with NumPy."""
    try:
        import torch
    except ImportError as error:
        # Of torch itself, not of something that torch lacks: that is another's fault, in its own words.
        if error.name != "torch":
            raise
        raise _missing("PyTorch is not installed", None) from error
    refuse_older(str(torch.__version__))
    refuse_without_numpy(torch)


def refuse_older(version: str) -> None:
    """Checks what torch says of its version: ``2.13.0+cpu``, ``2.4.0a0+git1234``."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < VERSION_MIN:
        raise _missing(f"PyTorch {version} is too old", version)


def refuse_without_numpy(torch: Any) -> None:
    """A torch that was built for another NumPy is imported, and then has no `from_numpy`."""
    try:
        torch.from_numpy(np.zeros(1))
    except RuntimeError as error:
        raise _missing(
            f"PyTorch {torch.__version__} cannot use NumPy {np.__version__}: {error}",
            str(torch.__version__),
            advice="Install a newer PyTorch, or a NumPy that it was built for: pip install 'numpy<2'.",
        ) from error


def _missing(summary: str, actual: str | None, advice: str | None = None) -> PyTorchMissingError:
    wanted = ".".join(map(str, VERSION_MIN))
    return PyTorchMissingError(
        "ZC_TORCH_PYTORCH_MISSING", summary, expected=f"{wanted} or newer", actual=actual, advice=advice
    )
