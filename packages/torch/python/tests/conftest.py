from __future__ import annotations

from hypothesis import settings

# No deadline: a shared machine may stall any example.
settings.register_profile("default", deadline=None, max_examples=60)
settings.load_profile("default")
