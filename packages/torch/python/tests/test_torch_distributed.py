"""Two ranks under torch.distributed (gloo), with nothing said to the loader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from helpers.datasets import write_images

pytest.importorskip("torch")

SCRIPT = """
    import json, sys
    import torch
    import torch.distributed as dist
    from torch.utils.data.distributed import DistributedSampler
    import zero_copy_loader as zc
    from zero_copy_loader.torch import DataLoader

    path, rendezvous, rank = sys.argv[1], sys.argv[2], int(sys.argv[3])
    loader = DataLoader(path, batch_size=8, shuffle=True, seed=1)
    early = DataLoader(path, batch_size=8)
    next(iter(early))
    dist.init_process_group("gloo", init_method="file://" + rendezvous, rank=rank, world_size=2)
    seen = [label for batch in loader for label in batch["label"].tolist()]
    sampler = DistributedSampler(range(100), seed=3)
    ours = DataLoader(path, batch_size=8, sampler=sampler)
    theirs = torch.utils.data.DataLoader(range(100), batch_size=8, sampler=sampler)
    sampled = []
    for epoch in (0, 1):
        sampler.set_epoch(epoch)
        sampled.append([batch["label"].tolist() for batch in ours] == [ids.tolist() for ids in theirs])
    dist.barrier()

    def refusal(each):
        try:
            iter(each)
        except zc.ZcError as error:
            return error.code

    codes = [refusal(early)]
    dist.destroy_process_group()
    codes.append(refusal(loader))
    print(json.dumps({"seen": seen, "length": len(seen), "state": loader.state_dict(),
                      "codes": codes, "sampled": sampled}))
"""


def test_two_ranks_are_disjoint_and_complete(tmp_path: Path) -> None:
    images = write_images(tmp_path / "images")
    environment = {key: value for key, value in os.environ.items() if key not in ("RANK", "WORLD_SIZE")}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SCRIPT), images, tmp_path / "rendezvous", str(rank)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    outputs = [rank.communicate(timeout=120) for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], outputs
    first, second = (json.loads(out) for out, _ in outputs)
    assert first["length"] == second["length"] == 50
    assert sorted(first["seen"] + second["seen"]) == list(range(100))
    assert first["state"] == second["state"]
    assert first["sampled"] == second["sampled"] == [True, True]
    # The early one began as rank 0 of 1, and the other one would be that once the group is gone.
    assert first["codes"] == second["codes"] == ["ZC_RANK_CHANGED"] * 2
