"""Run a study of docs/results.md and note its machine and wall time, in benchmarks/results.json.

    python -m benchmarks.studies protocols | sessions | validation | parts | synthetic

Only the last command of the section is run and timed; run those before it by hand. A study that goes on where it
stopped is noted with the runs that it still had to train; one without any is not noted.
"""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.record import record
from benchmarks.sections import ROOT, SECTIONS, Section
from benchmarks.study_page import times


def run(section: Section, root: Path) -> None:
    """Run its last command in the project's folder."""
    before = _files(root / section.folder)
    start = time.perf_counter()
    subprocess.run(["bash", "-c", section.commands[-1]], cwd=root, check=True)
    seconds = time.perf_counter() - start
    new = len(_files(root / section.folder) - before)
    if new:
        of = sum(len(runs) for runs in times(root / section.folder).values())
        record(f"study_{section.name}", {"seconds": round(seconds), "runs": new, "of": of})


def _files(folder: Path) -> set[Path]:
    return {path for runs in ("runs", "*/runs") for path in folder.glob(f"{runs}/*.npz")}


def main() -> None:
    """Run the studies that are named."""
    sections = {section.name: section for section in SECTIONS}
    wanted = sys.argv[1:]
    if not wanted or not set(wanted) <= set(sections):
        sys.exit(f"expected some of {', '.join(sections)}")
    for name in wanted:
        run(sections[name], ROOT)


if __name__ == "__main__":
    main()
