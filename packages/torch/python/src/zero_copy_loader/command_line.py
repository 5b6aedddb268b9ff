"""The command ``zc``, as ``pip install`` gives it: the same program that npm installs."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from .errors import ZcError
from .node_programs import find_command_line, find_node


def main() -> NoReturn:
    """Becomes ``zc`` with the arguments of this process."""
    try:
        node = find_node()
        command = [node, find_command_line(), *sys.argv[1:]]
    except ZcError as error:
        sys.exit(str(error))
    # In the place of this process: signals, the terminal and the exit status are the program's own.
    os.execvp(node, command)
