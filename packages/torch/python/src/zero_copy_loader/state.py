"""A job's state, as it is saved: JSON, but for what a sampler of the user's own puts in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from . import arguments
from .errors import ZcError
from .progress import Place

_VERSION: Final = 1


class Identity(NamedTuple):
    """What a state must agree with before it can be loaded."""

    dataset: str
    seed: int
    shuffle: bool | dict[str, Any]
    #: What the position counts where a sampler of the user's own gives the order: ``samples`` or ``batches``.
    sampler: str | None


def save(identity: Identity, place: Place) -> dict[str, Any]:
    state: dict[str, Any] = {
        **_comparable(identity),
        "epoch": place.epoch,
        "position": place.position,
    }
    if identity.sampler is not None:
        state["sampler"] = {"counts": identity.sampler, "state": place.sampler}
    return state


def load(state: Any, identity: Identity) -> Place:
    """Raises ZC_STATE_MISMATCH naming what differs, and ZC_ARGUMENT for what is no state."""
    if not isinstance(state, dict):
        raise ZcError(
            "ZC_ARGUMENT",
            f"the state is a {type(state).__name__}, expected what state_dict() gave",
            actual=state,
        )
    sampler = state.get("sampler")
    counts = sampler.get("counts") if isinstance(sampler, Mapping) else None
    mine = {**_comparable(identity), "sampler": identity.sampler}
    found = {**state, "sampler": counts}
    for key, expected in mine.items():
        if found.get(key) != expected:
            raise ZcError(
                "ZC_STATE_MISMATCH",
                f"the state's {key} is {found.get(key)!r}, this loader's {expected!r}",
                expected=expected,
                actual=found.get(key),
            )
    return Place(
        arguments.whole("the state's epoch", state.get("epoch"), 0),
        arguments.whole("the state's position", state.get("position"), 0),
        sampler.get("state") if isinstance(sampler, Mapping) else None,
    )


def _comparable(identity: Identity) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "dataset": identity.dataset,
        "seed": identity.seed,
        "shuffle": identity.shuffle,
    }
