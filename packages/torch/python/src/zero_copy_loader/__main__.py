"""``python -m zero_copy_loader`` is ``zc``."""

from __future__ import annotations

from .command_line import main

main()
