"""Writes the CSV and JSON Lines files of this folder with Python's own csv, json and gzip.

usage: make.py [FOLDER]     another folder to write to
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from pathlib import Path

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent

rows = [
    {"id": 2**63 - 1, "score": 0.1, "ok": True, "text": 'says "hi",\nthen goes', "code": "007", "gap": 1},
    {"id": -5, "score": float("nan"), "ok": False, "text": "Überall 🎲", "code": "12", "gap": ""},
    {"id": 0, "score": 1e-300, "ok": True, "text": "", "code": "8", "gap": 3},
]
with open(here / "rows.csv", "w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
with open(here / "rows.tsv", "w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, rows[0].keys(), dialect="excel-tab")
    writer.writeheader()
    writer.writerows(rows)

objects = [
    {
        "id": 1,
        "score": 1,
        "ok": True,
        "text": "a\nb",
        "tokens": [3, 1, 2],
        "place": [0.5, 1],
        "more": {"x": [1, None]},
    },
    {"id": -2, "score": 2.5, "ok": False, "text": "Ü🎲", "tokens": [], "place": [2, -3.25], "more": None},
    {
        "id": 2**53 - 1,
        "score": -0.0,
        "ok": True,
        "text": "",
        "tokens": [2**40],
        "place": [1, 1],
        "more": "text",
    },
]
lines = "".join(json.dumps(line) + "\n" for line in objects)
(here / "rows.jsonl").write_text(lines, encoding="utf-8")
(here / "rows.jsonl.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
