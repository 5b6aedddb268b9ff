from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

_DIST = Path(__file__).resolve().parents[4] / "dist"


class Installation:
    """The wheel, installed into an environment that had nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "venv" / "bin" / "python"
        self.packages = Path(
            sysconfig.get_path("purelib", vars={"base": str(folder / "venv"), "platbase": ""})
        )

    def run(self, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a program of the environment that finds neither Node nor a home."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return subprocess.run(
            [self.folder / "venv" / "bin" / command[0], *command[1:]],
            env={"HOME": str(home), "PATH": "/nowhere", **variables},
            cwd=home,
            text=True,
            capture_output=True,
            timeout=120,
        )

    def program(self, text: str, **variables: str) -> str:
        """What a Python program prints; its errors are the test's."""
        done = self.run("python", "-W", "error", "-c", text, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    (wheel,) = _DIST.glob("zero_copy_loader-*.whl")
    installed = Installation(tmp_path_factory.mktemp("wheel"))
    commands: list[list[str | Path]] = [
        [sys.executable, "-m", "venv", installed.folder / "venv"],
        [installed.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel],
    ]
    for command in commands:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        subprocess.run(command, env=environment, check=True)
    return installed
