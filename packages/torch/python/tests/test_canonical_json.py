"""Our text against that of the package ``rfc8785``, which the RFC's authors' test vectors have passed."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from zero_copy_loader import ZcError, canonical_json

_NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53) + 1, 2**53 - 1)
_VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_the_same_text_as_another_implementation(value: Any) -> None:
    assert canonical_json.dumps(value) == rfc8785.dumps(value)
    assert canonical_json.loads(canonical_json.dumps(value)) == value


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (-0.0, "0"),
        (1e21, "1e+21"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-1.5e-9, "-1.5e-9"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (333333333.3333333, "333333333.3333333"),
        (100.0, "100"),
        (-0.25, "-0.25"),
    ],
)
def test_numbers_as_javascript_writes_them(number: float, text: str) -> None:
    assert canonical_json.dumps(number).decode() == text
    assert float(text) == number


def test_keys_in_the_order_of_utf16() -> None:
    # U+FB33 lies above the surrogates of U+1F600.
    text = canonical_json.dumps({"\ufb33": 1, "\U0001f600": 2, "\u00e9": 3})
    assert text.decode() == '{"\u00e9":3,"\U0001f600":2,"\ufb33":1}'


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), "\ud800", {"\udfff": 1}])
def test_what_has_no_text(value: Any) -> None:
    with pytest.raises(ZcError, match="has no canonical JSON") as raised:
        canonical_json.dumps(value)
    assert raised.value.code == "ZC_FORMAT_VALUE"
