"""A Jupyter kernel that is interrupted and restarted: the loader goes on, the server ends with the kernel."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.datasets import write_images
from helpers.trainers import eventually, is_running

manager = pytest.importorskip(
    "jupyter_client.manager", reason="Jupyter is not installed: `npm run test:interop`"
)
pytest.importorskip("ipykernel", reason="Jupyter is not installed: `npm run test:interop`")

OPEN = """
import time
import zero_copy_loader as zc
from zero_copy_loader import client
loader = zc.DataLoader({path!r}, batch_size=4, shuffle=True, seed=5)
state = loader.state_dict()
print(client.shared_client().server_pid)
"""
TRAIN = """
for batch in loader:
    print("going", flush=True)
    time.sleep(0.02)
"""
REST = """
print(loader.state_dict()["position"], sum(len(batch["label"]) for batch in loader))
"""


class Notebook:
    """A kernel whose cells are run one by one."""

    def __init__(self, path: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.manager, self.client = manager.start_new_kernel(kernel_name="python3", env=environment)
        self.server = int(self.run(OPEN.format(path=str(path)))[0])

    def run(self, cell: str, interrupt_after: str | None = None) -> tuple[str, str | None]:
        """What a cell prints, and the name of the error it ends with."""
        said, error = "", None
        self.client.execute(cell)
        while True:
            message: dict[str, Any] = self.client.get_iopub_msg(timeout=60)
            content = message["content"]
            if message["msg_type"] == "stream":
                said += content["text"]
            if message["msg_type"] == "error":
                error = content["ename"]
            if interrupt_after is not None and interrupt_after in said:
                interrupt_after = None
                self.manager.interrupt_kernel()
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return said, error


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Notebook]:
    notebook = Notebook(write_images(tmp_path / "images", samples=400))
    yield notebook
    notebook.client.stop_channels()
    if notebook.manager.is_alive():
        notebook.manager.shutdown_kernel(now=True)


def test_an_interrupted_cell_leaves_a_loader_that_goes_on(notebook: Notebook) -> None:
    for epoch in range(3):
        assert notebook.run(TRAIN, interrupt_after="going")[1] == "KeyboardInterrupt"
        epoch_of = "print(loader.state_dict()['epoch'])"
        assert notebook.run(epoch_of) == (f"{epoch}\n", None)
    assert is_running(notebook.server)
    # It stands behind the batches that the cell was given, and a state of another time can be gone back to.
    said, error = notebook.run("loader.load_state_dict(state)\n" + REST)
    assert (said.split(), error) == (["0", "400"], None)


@pytest.mark.parametrize("end", ["restart", "shutdown", "kill"])
def test_the_server_goes_with_its_kernel(notebook: Notebook, end: str) -> None:
    notebook.run(TRAIN, interrupt_after="going")
    if end == "restart":
        notebook.manager.restart_kernel(now=True)
    else:
        notebook.manager.shutdown_kernel(now=end == "kill")
    assert eventually(lambda: not is_running(notebook.server), 5)


def test_a_cell_that_is_interrupted_while_a_server_starts_can_be_run_again(notebook: Notebook) -> None:
    for _ in range(5):
        notebook.run("client.close_shared_client()")
        start = "print('starting', flush=True)\nbatches = iter(loader)\nnext(batches)\ntime.sleep(5)"
        assert notebook.run(start, interrupt_after="starting")[1] == "KeyboardInterrupt"
    said, error = notebook.run(REST)
    assert (said.split()[-1], error) == ("400", None)
