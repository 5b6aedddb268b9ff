"""Puts into the wheel what is built elsewhere in the repository, and says which machines it is for."""

from __future__ import annotations

import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Laid out as in the package, by `npm run wheel`.
STAGED = Path("../../../.cache/wheel/zero_copy_loader")
#: What the platform tags of PEP 600 let a library take from the system, as far as ours do.
SYSTEM_LIBRARIES = {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        # An editable install uses the checkout as it is.
        if version == "editable":
            return
        staged = (Path(self.root) / STAGED).resolve()
        libraries = [*staged.glob("native/*")]
        if not libraries:
            raise RuntimeError("the native parts are not there: build the wheel with `npm run wheel`")
        build_data["force_include"][str(staged)] = "zero_copy_loader"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag(libraries)}"


def platform_tag(libraries: list[Path]) -> str:
    """The oldest glibc whose symbols are enough for all of these libraries, as a platform tag (PEP 600)."""
    versions = [(2, 17)]
    for library in libraries:
        said = subprocess.run(
            ["readelf", "--wide", "--dynamic", "--version-info", str(library)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", said))
        if not needed <= SYSTEM_LIBRARIES:
            raise RuntimeError(f"{library.name} needs {sorted(needed - SYSTEM_LIBRARIES)} of the system")
        versions += [(int(major), int(minor)) for major, minor in re.findall(r"\bGLIBC_(\d+)\.(\d+)", said)]
    major, minor = max(versions)
    return f"manylinux_{major}_{minor}_{platform.machine()}"
