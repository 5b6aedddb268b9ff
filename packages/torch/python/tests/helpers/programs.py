"""Programs that may die of what they do, and so run as processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run_program(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a program on this interpreter, with this package to import."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
