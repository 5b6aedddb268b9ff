"""Runs a program with a non-blocking eventfd, whose number is in EVENTFD.

usage: with-eventfd.py PROGRAM [ARGUMENT...]
"""

import os
import sys

descriptor = os.eventfd(0, os.EFD_NONBLOCK)
os.set_inheritable(descriptor, True)
os.environ["EVENTFD"] = str(descriptor)
os.execvp(sys.argv[1], sys.argv[1:])
