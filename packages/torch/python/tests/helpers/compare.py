"""Whether a value that was read is the one that was written, to the last bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def assert_same_sample(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert_same_value(found[name], value)


def assert_same_value(found: Any, expected: Any) -> None:
    if isinstance(expected, np.ndarray):
        found = np.asarray(found)
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert found.tobytes() == expected.tobytes()
    elif isinstance(expected, (bytes, bytearray, memoryview)):
        assert bytes(found) == bytes(expected)
    else:
        assert type(found) is type(expected) or isinstance(expected, (int, float))
        assert found == expected
