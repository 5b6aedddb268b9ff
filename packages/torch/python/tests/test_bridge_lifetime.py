"""Who goes when who is gone: interrupts, kills, forks, exceptions and the end of the interpreter."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.datasets import write_images
from helpers.trainers import Trainer, eventually, is_running, shared_memory, trainer

ENDLESS = """
loader = zc.DataLoader(path, batch_size=4, shuffle=True, max_memory_bytes=2**26)
taken = 0
try:
    say(server_pid())
    while True:
        for batch in loader:
            taken += 1
            if taken == 3:
                say("going")
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("lifetime") / "images", samples=400)


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    before = shared_memory()
    yield
    assert shared_memory() <= before


def start(running: Trainer) -> int:
    server = int(running.hear())
    assert running.hear() == "going"
    return server


@pytest.mark.parametrize("work", ["pass", "time.sleep(0.05)", "batch['image'].sum()"])
def test_ctrl_c_reaches_the_trainer_alone(images: Path, work: str) -> None:
    script = (
        ENDLESS
        + f"""
            {work}
except KeyboardInterrupt:
    state = loader.state_dict()
    epoch, number = divmod(taken, len(loader))
    say(state["epoch"], state["position"], epoch, number * 4)
    os.kill(server_pid(), 0)
"""
    )
    with trainer(script, images) as running:
        server = start(running)
        time.sleep(0.2)
        running.interrupt()
        epoch, position, _, counted = map(int, running.hear().split())
        status, _, errors = running.end()
    # The interrupt may come after the batch was handed out and before the trainer counted it.
    assert (position - counted) % 400 in (0, 4)
    assert epoch >= 0
    assert (status, errors) == (0, "")
    assert eventually(lambda: not is_running(server), 1)


def test_a_second_ctrl_c_and_another_epoch(images: Path) -> None:
    """In a notebook the interpreter goes on after the interrupt, and so must the loader."""
    script = """
    loader = zc.DataLoader(path, batch_size=4, shuffle=True)
    for _ in range(5):
        try:
            for batch in loader:
                say("going")
                time.sleep(0.02)
        except KeyboardInterrupt:
            say("interrupted")
    batch = None
    assert sum(len(batch["label"]) for batch in loader) == 400
    while loader.stats()["server"]["held_batches"]:
        time.sleep(0.01)
    say("whole")
    """
    with trainer(script, images) as running:
        for _ in range(5):
            assert running.hear() == "going"
            running.interrupt()
            while (line := running.hear()) != "interrupted":
                assert line == "going"
        assert running.hear() == "whole"
        status, _, errors = running.end()
    assert (status, errors) == (0, "")


def test_the_server_goes_when_the_trainer_is_killed(images: Path) -> None:
    with trainer(ENDLESS + "\nfinally: pass", images) as running:
        server = start(running)
        running.kill()
        killed = time.monotonic()
        assert eventually(lambda: not is_running(server), 5)
        assert time.monotonic() - killed < 1.5


def test_the_server_goes_though_a_child_of_the_killed_trainer_lives_on(images: Path) -> None:
    script = """
    loader = zc.DataLoader(path, batch_size=4)
    batch = next(iter(loader))
    say(server_pid())
    # A child without Python's fork hooks keeps every descriptor.
    import ctypes
    child = ctypes.CDLL(None).fork()
    if child == 0:
        time.sleep(60)
    say(child)
    time.sleep(60)
    """
    with trainer(script, images) as running:
        server, child = int(running.hear()), int(running.hear())
        try:
            running.kill()
            assert eventually(lambda: not is_running(server), 5)
            assert is_running(child)
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_killed_server_is_a_typed_error(images: Path) -> None:
    script = (
        ENDLESS
        + """
except zc.ZcError as error:
    say(error.code)
    say(str(error).splitlines()[0])
    state = loader.state_dict()
    say(sum(len(batch["label"]) for batch in loader))
"""
    )
    with trainer(script, images) as running:
        server = start(running)
        os.kill(server, signal.SIGKILL)
        assert running.hear() == "ZC_TORCH_SERVER_GONE"
        assert "SIGKILL" in running.hear()
        # A new iteration starts another server.
        assert running.hear() == "400"
        assert running.end()[0] == 0


def test_batches_outlive_a_killed_server(images: Path) -> None:
    script = """
    loader = zc.DataLoader(path, batch_size=4)
    batch = next(iter(loader))
    before = batch["image"].sum()
    os.kill(server_pid(), signal.SIGKILL)
    time.sleep(0.1)
    assert batch["image"].sum() == before
    batch["image"][:] = 1
    del batch
    say("fine")
    """
    with trainer(script, images) as running:
        assert running.hear() == "fine"
        assert running.end()[0] == 0


def test_a_fork_is_told_and_the_parent_goes_on(images: Path) -> None:
    script = """
    loader = zc.DataLoader(path, batch_size=4)
    iterator = iter(loader)
    batch = next(iterator)
    child = os.fork()
    if child == 0:
        codes = []
        for use in (lambda: next(iterator), lambda: iter(loader), loader.stats):
            try:
                use()
            except zc.ZcError as error:
                codes.append(error.code)
        own = zc.DataLoader(path, batch_size=100)
        say(*codes, len(list(own)), int(batch["label"].sum()))
        del batch
        gc.collect()
        sys.exit(0)
    say("child", os.waitpid(child, 0)[1])
    say(batch["label"].tolist() == [0, 1, 2, 3], sum(1 for _ in iterator))
    """
    with trainer(script, images) as running:
        assert running.hear() == "ZC_TORCH_FORKED ZC_TORCH_FORKED ZC_TORCH_FORKED 4 6"
        assert running.hear() == "child 0"
        assert running.hear() == "True 99"
        assert running.end()[0] == 0


ENDINGS = {
    "the end of the script": "",
    "live batches": "kept = [batch for batch, _ in zip(loader, range(5))]",
    "an exception in the loop": "for batch in loader: raise RuntimeError('mine')",
    "a break": "for batch in loader: break",
    "sys.exit in the loop": "for batch in loader: sys.exit(3)",
    "a live iterator": "iterator = iter(loader); next(iterator)",
    "transforms that run": "own = zc.DataLoader(path, transform=slowly); batch = next(iter(own))",
    "a batch in a cycle": "cycle = [next(iter(loader))]; cycle.append(cycle); del cycle",
    "os._exit": "next(iter(loader)); os._exit(0)",
    "SIGTERM": "next(iter(loader)); os.kill(os.getpid(), signal.SIGTERM)",
}
STATUSES = {"an exception in the loop": 1, "sys.exit in the loop": 3, "SIGTERM": -signal.SIGTERM}


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_left_after(images: Path, ending: str) -> None:
    script = f"""
    slowly = lambda sample: time.sleep(0.02) or sample
    loader = zc.DataLoader(path, batch_size=4)
    next(iter(loader))
    say(server_pid())
    {ENDINGS[ending]}
    """
    with trainer(script, images) as running:
        server = int(running.hear())
        status, _, errors = running.end()
    assert status == STATUSES.get(ending, 0)
    assert ("RuntimeError: mine" in errors) if ending == "an exception in the loop" else errors == ""
    assert eventually(lambda: not is_running(server), 2)


def test_descriptors_and_maps_stay_flat(images: Path) -> None:
    script = """
    import json
    def counts():
        gc.collect()
        maps = sum("memfd" in line for line in open("/proc/self/maps"))
        return len(os.listdir("/proc/self/fd")), maps
    def server_counts():
        # Memory that JavaScript has looked at goes with its collector's next round: the soak watches that.
        folder = f"/proc/{server_pid()}/fd"
        return sum("memfd" not in os.readlink(f"{folder}/{each}") for each in os.listdir(folder))
    found = []
    for turn in range(12):
        with zc.DataLoader(path, batch_size=4) as loader:
            for batch in loader:
                pass
        del batch
        if turn >= 2:
            time.sleep(0.05)
            found.append([*counts(), server_counts()])
    client.close_shared_client()
    say(json.dumps([found, counts()]))
    """
    with trainer(script, images) as running:
        found, (descriptors, maps) = json.loads(running.hear())
        assert running.end()[0] == 0
    assert len({tuple(turn) for turn in found[-5:]}) <= 2
    assert max(turn[0] for turn in found) <= found[0][0] + 1
    assert max(turn[2] for turn in found) <= found[0][2] + 6
    assert maps == 0
    assert descriptors <= 4


def test_exceptions_in_the_loop_leave_nothing_in_a_process_that_goes_on(images: Path) -> None:
    script = """
    import json
    def counts():
        gc.collect()
        maps = sum("memfd" in line for line in open("/proc/self/maps"))
        return len(os.listdir("/proc/self/fd")), maps, loader.stats()["server"]["held_batches"]
    loader = zc.DataLoader(path, batch_size=4)
    def step():
        for number, batch in enumerate(loader):
            if number == 3:
                raise RuntimeError("mine")
    found = []
    for _ in range(10):
        try:
            step()
        except RuntimeError:
            pass
        found.append(counts())
    say(json.dumps(found))
    """
    with trainer(script, images) as running:
        found = json.loads(running.hear())
        assert running.end()[0] == 0
    assert {tuple(counts[:2]) for counts in found[2:]} == {tuple(found[2][:2])}
    # Batches that were on their way may be counted once more before they fall back.
    assert max(held for *_, held in found) <= 3


def test_a_server_may_talk_though_nobody_reads_standard_error(images: Path, tmp_path: Path) -> None:
    talkative = tmp_path / "talkative.mjs"
    talkative.write_text(
        """
        setInterval(() => console.error("still here"), 1);
        import(process.env.REAL_SERVER);
        """
    )
    script = """
    from zero_copy_loader.node_programs import find_bundle
    os.environ["REAL_SERVER"] = find_bundle()
    os.environ["ZC_SERVER"] = sys.argv[2]
    nobody, broken = os.pipe()
    os.close(nobody)
    os.dup2(broken, 2)
    loader = zc.DataLoader(path, batch_size=4)
    batches = iter(loader)
    next(batches)
    time.sleep(0.1)
    say(sum(len(batch["label"]) for batch in batches))
    """
    with trainer(script, images, talkative) as running:
        assert running.hear() == "396"


def test_a_daemon_that_has_closed_its_standard_files_has_a_server(images: Path, tmp_path: Path) -> None:
    script = """
    for number in (0, 1, 2):
        os.close(number)
    loader = zc.DataLoader(path, batch_size=4)
    taken = sum(len(batch["label"]) for batch in loader)
    with open(sys.argv[2], "w") as file:
        file.write(str(taken))
    """
    with trainer(script, images, tmp_path / "taken") as running:
        assert running.process.wait(60) == 0
    assert (tmp_path / "taken").read_text() == "400"


def test_a_server_that_is_stopped_lets_the_trainer_be_interrupted_and_end(images: Path) -> None:
    script = """
    loader = zc.DataLoader(path, batch_size=4)
    batches = iter(loader)
    next(batches)
    os.kill(server_pid(), signal.SIGSTOP)
    say(server_pid())
    try:
        while True:
            next(batches)
    except KeyboardInterrupt:
        say(loader.state_dict()["position"] >= 4)
    """
    with trainer(script, images) as running:
        server = int(running.hear())
        time.sleep(0.2)
        running.interrupt()
        assert running.hear() == "True"
        assert running.end()[0] == 0
    assert eventually(lambda: not is_running(server))


def test_a_trainer_with_the_default_action_for_sigpipe_outlives_its_server(images: Path) -> None:
    script = """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    loader = zc.DataLoader(path, batch_size=4)
    batches = iter(loader)
    next(batches)
    os.kill(server_pid(), signal.SIGKILL)
    time.sleep(0.2)
    del batches
    loader.close()
    say("alive")
    """
    with trainer(script, images) as running:
        assert running.hear() == "alive"


def test_a_forked_child_says_nothing_where_its_parents_connection_was(images: Path) -> None:
    """A socket of the child's own may have the number that the connection had."""
    script = """
    import socket
    loader = zc.DataLoader(path, batch_size=4)
    batches = iter(loader)
    next(batches)
    number = client.shared_client()._control.fileno()
    child = os.fork()
    if child == 0:
        ours, theirs = socket.socketpair()
        os.dup2(ours.fileno(), number)
        del batches, loader
        gc.collect()
        theirs.setblocking(False)
        try:
            theirs.recv(100)
        except BlockingIOError:
            os._exit(0)
        os._exit(1)
    say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    with trainer(script, images) as running:
        assert running.hear() == "0"
