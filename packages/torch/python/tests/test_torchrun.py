"""Jobs that torchrun starts: each rank has its share, and other ranks go on with what is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from helpers.datasets import write_images

pytest.importorskip("torch")

SAMPLES = 103
BATCH_SIZE = 4
BLOCKS = {"blocks": 20_000, "window": 50}
CASES: dict[str, dict[str, Any]] = {
    "in order": {},
    "full": {"shuffle": True},
    "blocks": {"shuffle": BLOCKS},
    "full, last dropped": {"shuffle": True, "drop_last": True},
}

#: A rank goes on with each case, takes so many batches, and says what it saw and what came after that.
RANK = """
    import itertools, json, sys
    import torch.distributed as dist
    from zero_copy_loader.torch import DataLoader

    path, cases, batches, before, after = sys.argv[1], json.loads(sys.argv[2]), *sys.argv[3:]
    loaders = {name: DataLoader(path, batch_size=4, seed=5, **options) for name, options in cases.items()}
    dist.init_process_group("gloo")
    states = json.load(open(before)) if before != "-" else {}
    report = {}
    for name, loader in loaders.items():
        if name in states:
            loader.load_state_dict(states[name])
        labels = (batch["label"].tolist() for batch in loader)
        seen = list(itertools.islice(labels, int(batches)))
        state, length = loader.state_dict(), len(loader)
        report[name] = {"seen": seen, "state": state, "length": length, "rest": list(labels)}
    reports = [None] * dist.get_world_size()
    dist.all_gather_object(reports, report)
    if dist.get_rank() == 0:
        json.dump(reports, open(after, "w"))
    dist.destroy_process_group()
"""

Reports = list[dict[str, dict[str, Any]]]


def run_job(folder: Path, ranks: int, batches: int, before: Path | None = None) -> tuple[Reports, Path]:
    """One job on the dataset in ``folder``: each rank's report, and the states to go on with."""
    script = folder / "rank.py"
    script.write_text(textwrap.dedent(RANK))
    reports = folder / f"reports-{ranks}.json"
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"),
            *(script, folder / "images", json.dumps(CASES), str(batches), before or "-", reports),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    found: Reports = json.loads(reports.read_text())
    states = folder / f"states-{ranks}.json"
    states.write_text(json.dumps({name: case["state"] for name, case in found[0].items()}))
    return found, states


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Reports]:
    """An epoch that 2 ranks begin, 3 go on with, and 1 ends."""
    folder = tmp_path_factory.mktemp("torchrun")
    write_images(folder / "images", samples=SAMPLES)
    first, state = run_job(folder, ranks=2, batches=5)
    second, state = run_job(folder, ranks=3, batches=2, before=state)
    third, _ = run_job(folder, ranks=1, batches=100, before=state)
    return {2: first, 3: second, 1: third}


def seen_of(reports: Reports, case: str, part: str = "seen") -> list[int]:
    """What the ranks saw, in the order of the job's list."""
    steps = zip(*(report[case][part] for report in reports), strict=True)
    return [label for step in steps for batch in step for label in batch]


@pytest.mark.parametrize("case", [case for case, options in CASES.items() if "drop_last" not in options])
def test_each_sample_comes_once_though_the_ranks_change(jobs: dict[int, Reports], case: str) -> None:
    seen = [label for ranks in (2, 3, 1) for label in seen_of(jobs[ranks], case)]
    assert sorted(seen) == list(range(SAMPLES))
    assert (seen == sorted(seen)) is (case == "in order")
    # Other ranks would have ended the same list, and filled the last batch from its front.
    for ranks, done in ((2, 0), (3, 40)):
        whole = seen[:done] + seen_of(jobs[ranks], case) + seen_of(jobs[ranks], case, "rest")
        missing = -(SAMPLES - done) % ranks
        assert whole == seen + seen[:missing]


def test_what_is_dropped_is_less_than_a_batch_of_all_ranks(jobs: dict[int, Reports]) -> None:
    case = "full, last dropped"
    seen = [label for ranks in (2, 3, 1) for label in seen_of(jobs[ranks], case)]
    assert len(seen) == len(set(seen)) == SAMPLES - SAMPLES % BATCH_SIZE
    for ranks, done in ((2, 0), (3, 40)):
        whole = seen[:done] + seen_of(jobs[ranks], case) + seen_of(jobs[ranks], case, "rest")
        assert whole == seen[: len(whole)]
        assert 0 <= SAMPLES - len(whole) < BATCH_SIZE * ranks


@pytest.mark.parametrize("case", CASES)
def test_every_rank_says_the_same_of_the_job(jobs: dict[int, Reports], case: str) -> None:
    for ranks, reports in jobs.items():
        assert len(reports) == ranks
        assert all(report[case]["state"] == reports[0][case]["state"] for report in reports)
        assert len({json.dumps([*map(len, report[case]["rest"])]) for report in reports}) == 1
    places = [
        (jobs[ranks][0][case]["state"]["epoch"], jobs[ranks][0][case]["state"]["position"]) for ranks in jobs
    ]
    assert places == [(0, 40), (0, 64), (1, 0)]
    # What was made before the process group knows its share afterwards.
    assert jobs[2][0][case]["length"] == (12 if "drop_last" in CASES[case] else 13)
