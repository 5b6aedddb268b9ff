from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from helpers.programs import run_program
from zero_copy_loader import ZcError
from zero_copy_loader.pytorch import refuse_older, refuse_without_numpy

#: What is found under the name of torch, and what is said of it.
FOUND = {
    "none": ("None", "PyTorch is not installed"),
    "old": ("types.SimpleNamespace(__version__='2.2.2+cpu')", "PyTorch 2.2.2+cpu is too old"),
}


@pytest.mark.parametrize("found", FOUND)
def test_without_a_torch_that_will_do_the_error_is_ours(found: str) -> None:
    torch, says = FOUND[found]
    program = f"""
import sys, types
sys.modules["torch"] = {torch}
import zero_copy_loader as zc
try:
    import zero_copy_loader.torch
except ImportError as error:
    assert isinstance(error, zc.ZcError) and error.code == "ZC_TORCH_PYTORCH_MISSING", error
    assert error.expected == "2.3 or newer"
    print(error)
"""
    ended = run_program(program)
    assert says in ended.stdout, ended.stderr
    assert "pip install" in ended.stdout


def test_numpy_needs_no_torch() -> None:
    ended = run_program("import sys, zero_copy_loader; print('torch' in sys.modules)")
    assert ended.stdout == "False\n"


@pytest.mark.parametrize("version", ["2.3.0", "2.13.0+cpu", "3.0.0a0+git12", "2.4"])
def test_versions_that_will_do(version: str) -> None:
    refuse_older(version)


@pytest.mark.parametrize("version", ["2.2.2", "1.13.1+cu117", "2"])
def test_versions_that_are_too_old(version: str) -> None:
    with pytest.raises(ZcError, match="is too old") as raised:
        refuse_older(version)
    assert raised.value.actual == version


def test_a_torch_that_was_built_for_another_numpy() -> None:
    def from_numpy(_: Any) -> None:
        raise RuntimeError("Numpy is not available")

    with pytest.raises(ZcError, match=f"cannot use NumPy {np.__version__}: Numpy is not available") as raised:
        refuse_without_numpy(SimpleNamespace(__version__="2.3.0", from_numpy=from_numpy))
    assert "numpy<2" in raised.value.advice
