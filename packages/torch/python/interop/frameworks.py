"""PyTorch Lightning, Accelerate and Jupyter, in an environment of their own: their tests, and the examples.

Everything is installed into ``.cache/interop/frameworks``, with torch of the pinned version.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
PYTHON_PACKAGE = ROOT / "packages/torch/python"
EXAMPLE = ROOT / "examples/char-gpt"
REQUIREMENTS = (
    *("torch==2.13.0", "numpy", "lightning==2.6.6", "accelerate==1.15.0"),
    *("ipykernel==7.4.0", "jupyter_client==8.10.0", "pytest", "hypothesis", "rfc8785"),
)
TESTS = ("test_lightning.py", "test_accelerate.py", "test_notebook.py")


def install() -> Path:
    """The interpreter of an environment that has them all."""
    folder = ROOT / ".cache/interop/frameworks"
    python = folder / "bin/python"
    listed = folder / "requirements.txt"
    if not listed.exists() or listed.read_text() != "\n".join(REQUIREMENTS):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
        listed.write_text("\n".join(REQUIREMENTS))
    return python


def run_tests(python: Path) -> None:
    """Fails too where one of them is skipped, for all that they need is there."""
    tests = [str(PYTHON_PACKAGE / "tests" / test) for test in TESTS]
    ended = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-rs", *tests],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    sys.stdout.write(ended.stdout)
    if ended.returncode != 0 or "SKIPPED" in ended.stdout:
        raise SystemExit("the tests with these libraries have failed, or not run")


def run_examples(python: Path) -> None:
    """The plays where they are to be had, else sums; forty steps of two ranks each."""
    plays = Path(os.environ.get("ZC_SHARED_DATA", ROOT.parent / "shared/data")) / "tinyshakespeare.txt"
    with tempfile.TemporaryDirectory(prefix="zc-interop-") as name:
        folder = Path(name)
        text = plays
        if not plays.exists():
            text = folder / "sums.txt"
            text.write_text("".join(f"{i} and {i} are {2 * i}.\n\n" for i in range(20_000)))
        subprocess.run([str(python), EXAMPLE / "prepare.py", text, folder], check=True, env=environment())
        sets = [folder / "train", folder / "validation"]
        for example in ("train_lightning.py", "train_accelerate.py"):
            launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
            if example == "train_lightning.py":
                launch = []
            program = [str(python), *launch, EXAMPLE / example, *sets, "--steps", "40"]
            # Without a shuffle of letters the loss begins at 4.17 and is below 3.1 after forty steps.
            subprocess.run(program, check=True, env=environment())


def environment() -> dict[str, str]:
    """Without the ranks of whoever runs this."""
    without = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    kept = {key: value for key, value in os.environ.items() if key not in without}
    return {**kept, "PYTHONPATH": str(PYTHON_PACKAGE / "src"), "OMP_NUM_THREADS": "1"}


def main() -> None:
    python = install()
    run_tests(python)
    run_examples(python)
    print("Lightning, Accelerate and Jupyter: tests and examples, all run")


if __name__ == "__main__":
    main()
