"""One connection and many threads: nobody waits for what another one has received."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zero_copy_loader as zc
from helpers.datasets import write_images
from zero_copy_loader import client


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("threads") / "images", samples=40)


@pytest.fixture(autouse=True)
def _own_server() -> None:
    client.close_shared_client()


def together(*bodies: Callable[[], object]) -> None:
    """Runs each in a thread; raises what one of them raises, and where one does not end."""
    failures: list[BaseException] = []

    def run(body: Callable[[], object]) -> None:
        try:
            body()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(body,), daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []


@contextmanager
def suppress_superseded() -> Iterator[None]:
    """For threads that take an iteration's place from each other."""
    try:
        yield
    except zc.ZcError as error:
        if error.code != "ZC_SUPERSEDED":
            raise


def test_answers_find_the_threads_that_asked(images: Path) -> None:
    loaders = [zc.DataLoader(images) for _ in range(4)]
    for loader in loaders:
        iter(loader)
    together(*[lambda loader=loader: [loader.stats() for _ in range(100)] for loader in loaders])


def test_each_thread_iterates_its_own_loader(images: Path) -> None:
    def epochs() -> None:
        loader = zc.DataLoader(images, batch_size=3, shuffle=True)
        for _ in range(5):
            labels = np.concatenate([batch["label"].copy() for batch in loader])
            assert sorted(labels) == [*range(40)]

    together(*[epochs] * 4)


def test_loaders_are_opened_in_any_order(images: Path) -> None:
    for _ in range(20):
        loaders = [zc.DataLoader(images) for _ in range(4)]
        together(*[loader.__len__ for loader in loaders])


def test_threads_share_an_iterator(images: Path) -> None:
    batches = iter(zc.DataLoader(images))
    seen: list[Any] = []

    def take() -> None:
        seen.extend(batches)

    together(*[take] * 3)
    assert sorted(int(batch["label"][0]) for batch in seen) == [*range(40)]


@pytest.mark.parametrize("end", ["close", "iterate again"])
def test_a_thread_that_waits_hears_of_the_end(images: Path, end: str) -> None:
    loader = zc.DataLoader(images)
    batches = iter(loader)
    held = [next(batches)]
    waits = threading.Event()

    def take() -> None:
        waits.set()
        with suppress(zc.ZcError):
            held.extend(batches)

    def finish() -> None:
        waits.wait()
        if end == "close":
            loader.close()
        else:
            next(iter(loader), None)

    together(take, finish)


def test_the_end_of_an_iterator_says_nothing_to_a_later_server(images: Path) -> None:
    """Its descriptor's number and its own may be those of another server's iteration."""
    first = zc.DataLoader(images)
    held = iter(first)
    next(held)
    client.close_shared_client()
    second = iter(zc.DataLoader(images))
    next(second)
    del held, first
    gc.collect()
    together(lambda: [*second])


def test_no_batch_is_taken_twice_by_racing_iterations(images: Path) -> None:
    loader = zc.DataLoader(images, batch_size=4)
    over = threading.Event()

    def restart() -> None:
        try:
            for _ in range(100):
                with suppress_superseded():
                    next(iter(loader))
        finally:
            over.set()

    def check() -> None:
        while not over.is_set():
            with suppress_superseded():
                for batch in loader:
                    label = int(batch["label"][0])
                    assert batch["label"].tolist() == [*range(label, label + 4)]

    together(restart, check)
