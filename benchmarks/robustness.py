"""What campaigns and `own_recording` found, for docs/performance.md: `python -m benchmarks.robustness` writes it."""

from collections.abc import Mapping
from typing import Any

from benchmarks.record import read
from emotion.core.tables import markdown_table

KINDS = ("ENOSPC", "EIO", "EMFILE")


def section() -> str:
    """Tables of these benchmarks, as far as they are in benchmarks/results.json; '' before the first of them."""
    results = read()
    parts = {"own_recording": _own_recording, "kills": _kills, "io_faults": _io_faults, "fuzz": _fuzz}
    return "\n\n".join(make(results[name]) for name, make in parts.items() if name in results)


def _own_recording(found: Mapping[str, Any]) -> str:
    lengths = ", ".join(f"{run['seconds'] / 60:.1f}" for run in found["runs"])
    rows = [[row["what"], f"{row['measured']:g}", f"{row['most']:g}"] for row in found["figures"]]
    return f"""## A recording of one's own

`python -m benchmarks.own_recording`: `emotion predict` on a film of two people at 720p, which is shown over and over
for {lengths} minutes; tiny.en listens, Light-ASD says who speaks. Processor time of one core.

{markdown_table(["what", "measured", "at most"], rows)}"""


def _kills(found: Mapping[str, Any]) -> str:
    rows = [
        [name, row["kills"], row["finishes"], row["same_bytes"], row.get("worker_kills", ""), len(row["wrong"])]
        for name, row in found["commands"].items()
    ]
    total = sum(row["kills"] + row.get("worker_kills", 0) for row in found["commands"].values())
    head = ["command", "kills", "finishes", "with the same bytes", "kills of single workers", "wrong"]
    of_dvc = read().get("kills_of_dvc")
    more = (
        f"""

`python -m benchmarks.kills_of_dvc`: {of_dvc["repro_kills"]} kills of `dvc repro` with its process group and
{of_dvc["queued_kills"]} of queued experiments with their worker;
{len(of_dvc["wrong_repro"] + of_dvc["wrong_queued"])} wrong."""
        if of_dvc
        else ""
    )
    return f"""## Kills

`python -m benchmarks.kills`: {total} kills (SIGKILL) at random moments of a small project's commands. The same command
is run again until it has finished, and its outputs are compared with those of an undisturbed run.

{markdown_table(head, rows)}{more}"""


def _io_faults(found: Mapping[str, Any]) -> str:
    rows = [
        [name, *(f"{row[kind]['failures']} of {row[kind]['changes']}" for kind in KINDS), row["wrong"]]
        for name, row in found["commands"].items()
    ]
    return f"""## Disks that are full or fail

`python -m benchmarks.io_faults`: the n-th change of a file fails, because the disk is full (ENOSPC), because it is
broken (EIO) or because too many files are open (EMFILE). Each time the command must end with one line, every output
must be whole, and the same command, run again, must give the bytes of an undisturbed run. "8 of 90" are 8 places of 90.

{markdown_table(["command", *KINDS, "wrong"], rows)}"""


def _fuzz(found: Mapping[str, Any]) -> str:
    rows = [
        [name, row["files"], row["read"], row["refused"], row["faults"], row["slowest_seconds"], row["peak_mb"]]
        for name, row in found["readers"].items()
    ]
    return f"""## Hostile files

`python -m benchmarks.fuzz`: good files are damaged in many ways and read in worker processes. Read, or refused in one
line, is right; anything else (a traceback, a crash, more than 60 s or 3 GiB) is a fault.

{markdown_table(["reader", "files", "read", "refused", "faults", "slowest, s", "most memory, MB"], rows)}"""


if __name__ == "__main__":
    from benchmarks.performance import write_page

    write_page()
