"""The one file of measured figures, benchmarks/results.json: a section per benchmark."""

import json
from pathlib import Path
from typing import Any

from benchmarks.machine import describe

RESULTS = Path(__file__).parent / "results.json"


def record(section: str, content: dict[str, Any]) -> None:
    """Replace a section, with the machine described; the others stay."""
    results = read()
    results[section] = {"machine": describe(), **content}
    partial = RESULTS.with_suffix(".partial")
    partial.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    partial.replace(RESULTS)


def read() -> dict[str, Any]:
    """All sections; {} before the first benchmark."""
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    return found
