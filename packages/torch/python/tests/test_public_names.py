from __future__ import annotations

import zero_copy_loader


def test_public_names() -> None:
    assert sorted(set(zero_copy_loader.__all__) - {"DataLoader"}) == [
        "BlockShuffle",
        "Dataset",
        "DatasetWriter",
        "Field",
        "PackProgress",
        "PackReport",
        "Pad",
        "Padded",
        "Sample",
        "Schema",
        "ShardWriter",
        "Windows",
        "ZcError",
        "define_schema",
        "field",
        "pack",
        "scalar",
        "tensor",
        "text",
        "to_numpy",
    ]
    for name in zero_copy_loader.__all__:
        assert getattr(zero_copy_loader, name) is not None
