"""Every broken medium must give a named, counted reason, and must not touch its neighbours: a table, and JSON.

All cases of `benchmarks.broken_files` go through `extract_faces` and `extract_features` together with whole files; the
results of these must have the same bytes as without the broken ones. `python -m benchmarks.bad_media` exits with 1
where one case fails.
"""

import csv
import faulthandler
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from benchmarks import broken_files
from benchmarks.broken_files import CASES, SECONDS, USED, Case
from benchmarks.record import RESULTS, record
from emotion.core.errors import EmotionError
from emotion.corpus.utterance import COLUMNS, Index, Utterance, read_index, write_index
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.base import Encoder
from emotion.extraction import executors
from emotion.extraction.faces import extract_faces
from emotion.extraction.features import extract_features, seconds
from emotion.media.audio import reader
from emotion.media.settings import Clips
from emotion.store.cache import Cache, verify

ROOT = Path(__file__).parent.parent
_HANG = 300  # s until a run counts as hanging and is ended with a traceback
# Bytes that a file may have on the simulated full disk: too few for the journal, or for the HDF5 file somewhere.
_FULL = (("audio", 400), ("audio", 1000), ("audio", 3000), ("audio", 6000), ("video", 20_000), ("video", 100_000))
_WHOLE = 6  # good utterances
_MODALITIES = ("audio", "video")

Row = dict[str, str | bool]


def encoders() -> tuple[list[Encoder], Callable[[Utterance], int]]:
    """A small audio encoder with fixed random weights."""
    torch.manual_seed(0)
    return [AudioEncoder(dim=16, hidden=16, layers=1, filters=16).eval()], first


def first(_: Utterance) -> int:
    """All utterances are for the same encoder."""
    return 0


def utterance(name: str, file: str, start: float, end: float) -> Utterance:
    """A row of the index, with its file as sound and video."""
    sound, picture = file.replace(".avi", ".wav"), file.replace(".wav", ".avi")
    return Utterance(name, "d", 0, "s", start, end, "happy", "train", "", sound, picture, "left")


def rows_of(modality: str, cases: Sequence[Case]) -> list[Utterance]:
    """Good and broken utterances by turns; the good ones share two files."""
    broken = [
        utterance(case.name, case.name, case.start, case.end)
        if case.name.endswith((".wav", ".avi"))
        else Utterance(case.name, "d", 0, "s", case.start, case.end, "happy", "train", "", case.name, case.name, "left")
        for case in cases
        if case.modality == modality
    ]
    good = [utterance(f"good{turn}", f"good{turn % 2}.wav", 0.1 * turn, 0.1 * turn + 1) for turn in range(_WHOLE)]
    for turn, row in enumerate(good):
        broken.insert(min(len(broken), turn * 7), row)
    return broken


def write_media(folder: Path, cases: Sequence[Case]) -> None:
    """The files of the cases and the good ones."""
    for number in range(2):
        (folder / f"good{number}.wav").write_bytes(broken_files.sound())
        broken_files.video(folder / f"good{number}.avi", frames=round(SECONDS * broken_files.FPS))
    for case in cases:
        if case.make is not None:
            case.make(folder / case.name)


def extract(modality: str, rows: Sequence[Utterance], *, media: Path, out: Path, workers: int) -> None:
    """Run the engine."""
    index = Index(tuple(rows), ("happy",), "broken", "digest")
    common = {
        "out": out,
        "scratch": out.parent / "scratch",
        "max_missing": 1.0,
        "on_error": "skip",
        "execute": partial(executors.run_local, workers=workers),
    }
    if modality == "video":
        report = out.with_suffix(".json")
        extract_faces(
            index,
            root=media,
            report=report,
            details=out.with_suffix(".csv"),
            clips=Clips(size=32),
            max_seconds=600.0,
            **common,
        )
    else:
        extract_features(
            index,
            load=encoders,
            open_media=partial(reader, media, rate=broken_files.RATE),
            length=seconds,
            per_batch=0,  # each utterance alone: who else is in the batch may change the last bit
            budget=4,
            device="cpu",
            **common,
        )


def contents(path: Path) -> dict[str, tuple[bytes, str]]:
    """Values and reason of every utterance of a cache, which is verified first."""
    verify(path)
    with Cache(path) as cache:
        return {name: (cache[row].tobytes(), cache.reason[row]) for row, name in enumerate(cache.ids)}


def examine(modality: str, folder: Path, *, cases: Sequence[Case] = CASES, workers: int = 1) -> list[Row]:
    """Extract with and without the broken files: one row of the table per case, and one for the good ones."""
    rows = rows_of(modality, cases)
    good = [row for row in rows if row.utterance.startswith("good")]
    extract(modality, good, media=folder, out=folder / f"{modality}-alone" / "out.h5", workers=1)
    extract(modality, rows, media=folder, out=folder / f"{modality}-all" / "out.h5", workers=workers)
    alone, found = (contents(folder / f"{modality}-{name}" / "out.h5") for name in ("alone", "all"))
    table = [
        judge(case, found[case.name][1].replace(f"{folder}/", ""), readable=os.access(folder / case.name, os.R_OK))
        for case in cases
        if case.modality == modality
    ]
    same = all(found[name] == values for name, values in alone.items()) and not any(r for _, r in alone.values())
    what = f"{len(good)} utterances of whole files between them"
    return [*table, row_of(modality, "good", what, "" if same else "they changed", same, "unchanged")]


def judge(case: Case, reason: str, *, readable: bool) -> Row:
    """Is the reason the one that was expected?"""
    if case.kind.startswith("unreadable") and readable:
        return row_of(case.modality, case.name, case.what, "", True, "skipped: this user may read everything")
    good = reason.split(":")[0] == case.kind
    return row_of(case.modality, case.name, case.what, reason, good, "used" if case.kind == USED else "named")


def row_of(modality: str, name: str, what: str, reason: str, good: bool, verdict: str) -> Row:
    """A row of the table; a bad one says FAILED."""
    verdict = verdict if good else "FAILED"
    return {"modality": modality, "case": name, "what": what, "reason": reason, "good": good, "verdict": verdict}


def examine_index(folder: Path) -> list[Row]:
    """Times and names that no segment can have: the index says so before anything is decoded."""
    wrong = [
        ("zero", "segment of 0 s", {"end": "0.2"}),
        ("turned", "segment that ends before it starts", {"end": "0.1"}),
        ("before", "negative start", {"start": "-1"}),
        ("nan", "start that is no number", {"start": "nan"}),
        ("inf", "endless segment", {"end": "inf"}),
        ("outside", "path out of the corpus", {"audio": "../../etc/passwd"}),
        ("twice", "two utterances of one name", {}),
    ]
    table = []
    for name, what, change in wrong:
        path = folder / "index.csv"
        row = utterance("u", "good0.wav", 0.2, 1.2)
        write_index(path, [row, row] if not change else [row], labels=["happy"], corpus="broken", notes={})
        with path.open(encoding="utf-8", newline="") as file:
            lines = [{**line, **change} for line in csv.DictReader(file)]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(lines)
        try:
            read_index(path)
            reason = ""
        except EmotionError as error:
            reason = str(error).replace(f"{folder}/", "")
        table.append(row_of("index", name, what, reason, "index.csv" in reason, "named"))
    return table


LIMITED = """
import resource, sys
from pathlib import Path
from benchmarks import bad_media
from emotion.core.errors import one_line_errors
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
with one_line_errors():
    rows = bad_media.rows_of({modality!r}, [])
    bad_media.extract({modality!r}, rows, media=Path({media!r}), out=Path({out!r}), workers=1)
"""


def examine_full_disk(modality: str, folder: Path, limit: int) -> Row:
    """Files may not grow: one line says so, the old file stays; with room again the same command gives its bytes."""
    out, alone = folder / f"{modality}-full-{limit}" / "out.h5", folder / f"{modality}-alone" / "out.h5"
    out.parent.mkdir()
    out.write_bytes(b"old")
    code = LIMITED.format(limit=limit, modality=modality, media=str(folder), out=str(out))
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=_HANG, check=False
    )
    errors = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    kept = out.read_bytes() == b"old" and "Traceback" not in run.stderr
    extract(modality, rows_of(modality, []), media=folder, out=out, workers=1)
    same = contents(out) == contents(alone)
    reason = errors[0].removeprefix("error: ").replace(f"{folder}/", "") if errors else run.stderr[-200:]
    good = run.returncode == 1 and len(errors) == 1 and kept and same
    what = f"disk full after {limit} bytes of a file, then room again"
    return row_of(modality, "disk", what, reason, good, "named, then completed")


@contextmanager
def watchdog() -> Iterator[None]:
    """End the process with a traceback where it hangs, also within a library."""
    faulthandler.dump_traceback_later(_HANG, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def main() -> None:
    """Examine, print the table, write the JSON."""
    with tempfile.TemporaryDirectory() as name, watchdog():
        folder = Path(name)
        write_media(folder, CASES)
        table = [row for modality in _MODALITIES for row in examine(modality, folder, workers=2)]
        table += examine_index(folder)
        table += [examine_full_disk(modality, folder, limit) for modality, limit in _FULL]
    shown = Table("modality", "case", "what it is", "reason given", "verdict")
    for row in table:
        shown.add_row(*(str(row[key]) for key in ("modality", "case", "what", "reason", "verdict")))
    Console(width=200).print(shown)
    record("bad_media", {"cases": table})
    bad = [row for row in table if not row["good"]]
    Console().print(f"{len(table)} cases, {len(bad)} failed; written to {RESULTS.relative_to(ROOT)}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
