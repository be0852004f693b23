"""Audio encoders on real voices, each speaker held out once.

    python -m benchmarks.real_voices --root DIR [--whisper DIR]

DIR is a corpus of kind `table` with sound and at least four speakers, e.g. acted emotional speech. Of each fold the
next speaker is for validation; all others train. The paper's encoder is fitted on them with the default settings;
eGeMAPS and a frozen Whisper learn nothing. A linear SVM reads the vectors of each; validation chooses its C, and the
best epoch of the paper's encoder. Nothing is chosen on the speaker that is scored. The table is printed and recorded,
without names.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from benchmarks.record import read, record
from emotion.core import logs
from emotion.core.files import write_text
from emotion.core.tables import markdown_table
from emotion.corpus.index import index_corpus
from emotion.corpus.utterance import Index, read_index
from emotion.encoders.for_audio import make_audio
from emotion.encoders.settings import Audio
from emotion.extraction import executors
from emotion.extraction.extract_audio import extract_audio
from emotion.extraction.fitting import fit_encoder
from emotion.store.cache import Cache

DOCUMENT = Path(__file__).parent.parent / "docs" / "encoders.md"
BEGIN, END = "## On real voices", "## How to cite them"  # of the part of the page
_SECONDS = 600.0
_CS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


def folds(index: Index) -> Iterator[Index]:
    """The corpus with each speaker as the test split once; labels of the test split are ''."""
    speakers = sorted({row.speaker for row in index.utterances})
    for number, held_out in enumerate(speakers):
        validation = speakers[(number + 1) % len(speakers)]
        splits = {held_out: "test", validation: "validation"}
        rows = [replace(row, split=splits.get(row.speaker, "train")) for row in index.utterances]
        hidden = tuple(replace(row, label="") if row.split == "test" else row for row in rows)
        yield replace(index, utterances=hidden)


def features(index: Index, settings: Audio, *, root: Path, folder: Path) -> dict[str, NDArray[np.float32]]:
    """Vectors of all utterances by an encoder that is fitted on the training split."""
    encoder, read = make_audio(index, settings, root=root, max_seconds=_SECONDS)
    fit_encoder(
        index,
        encoder,
        read,
        out=folder / "encoder",
        report=folder / "fit.json",
        scratch=folder / "scratch",
        settings=settings,
    )
    extract_audio(
        index,
        root=root,
        fitted=folder / "encoder",
        out=folder / "audio.h5",
        scratch=folder / "scratch",
        budget=4,
        channel="mix",
        max_seconds=_SECONDS,
        max_missing=0.0,
        on_error="fail",
        execute=partial(executors.run_local, workers=1),
        device="cpu",
    )
    with Cache(folder / "audio.h5") as cache:
        return {row.utterance: cache[cache.row(row.utterance)][0] for row in index.utterances}


def predicted(index: Index, vectors: dict[str, NDArray[np.float32]]) -> dict[str, str]:
    """What a linear SVM says of the test utterances; its C is the one with the best validation weighted F1."""
    found = {
        split: [row for row in index.utterances if row.split == split] for split in ("train", "validation", "test")
    }
    x = {split: np.stack([vectors[row.utterance] for row in rows]) for split, rows in found.items()}
    y = {split: [row.label for row in rows] for split, rows in found.items()}
    machines = [
        make_pipeline(StandardScaler(), LinearSVC(C=c, random_state=0, max_iter=50_000)).fit(x["train"], y["train"])
        for c in _CS
    ]
    scores = [_weighted(y["validation"], machine.predict(x["validation"])) for machine in machines]
    best = machines[int(np.argmax(scores))]
    return {row.utterance: str(label) for row, label in zip(found["test"], best.predict(x["test"]), strict=True)}


def _weighted(actual: Any, said: Any) -> float:  # noqa: ANN401
    return float(f1_score(actual, said, average="weighted", zero_division=0))


def measure(index: Index, settings: Audio, *, root: Path, folder: Path, trains: bool) -> dict[str, Any]:
    """Weighted F1 of all held-out utterances together, and of each speaker."""
    said: dict[str, str] = {}
    vectors: dict[str, NDArray[np.float32]] = {}
    for number, fold in enumerate(folds(index)):
        if trains or not vectors:
            vectors = features(fold, settings, root=root, folder=folder / str(number))
        said |= predicted(fold, vectors)
    rows = index.utterances
    of_speakers = [
        _weighted(*zip(*((row.label, said[row.utterance]) for row in rows if row.speaker == speaker), strict=True))
        for speaker in sorted({row.speaker for row in rows})
    ]
    pooled = _weighted([row.label for row in rows], [said[row.utterance] for row in rows])
    return {"weighted_f1": 100 * pooled, "speakers": [100 * value for value in of_speakers]}


def section() -> str:
    """The part of docs/encoders.md, with its heading; '' where nothing is measured yet."""
    found = read().get("real_voices")
    if found is None:
        return ""
    rows = [(name, *(f"{value:.1f}" for value in row.values())) for name, row in found["systems"].items()]
    head = ("encoder", "weighted F1, all", "of a speaker: least", "most", "standard deviation")
    return f"""{BEGIN}

`python -m benchmarks.real_voices`: {found["utterances"]} sentences of acted speech by {found["speakers"]} speakers, in
{found["classes"]} classes; each speaker held out once, the next one for validation. A linear SVM reads the vectors of
each encoder; its C and the epoch of `paper`, which is fitted anew for each fold with the default settings, are chosen
on validation. There is no interval for so few speakers.

{markdown_table(head, rows, figures=True)}

"""


def main(
    root: Annotated[Path, typer.Option(help="Folder of a `table` corpus.")],
    whisper: Annotated[Path | None, typer.Option(help="Folder of a Whisper checkpoint for transformers.")] = None,
) -> None:
    """Measure, print, record."""
    logs.start()
    systems = {"paper": (Audio(), True), "egemaps": (Audio(encoder="egemaps"), False)}
    if whisper is not None:
        systems["whisper, frozen"] = (Audio(encoder=str(whisper)), False)
    shown = Table("encoder, linear SVM", "weighted F1, all", "of a speaker: least", "most", "deviation")
    content: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        index_corpus(
            corpus="table", root=root, out=place / "index.csv", label_rule="released", split="corpus",
            allow_speaker_overlap=True,
        )  # fmt: skip
        index = read_index(place / "index.csv", test_labels=True)
        for system, (settings, trains) in systems.items():
            found = measure(index, settings, root=root, folder=place / system, trains=trains)
            each = found["speakers"]
            figures = (found["weighted_f1"], min(each), max(each), float(np.std(each, ddof=1)))
            shown.add_row(system, *(f"{value:.1f}" for value in figures))
            content[system] = dict(zip(("weighted_f1", "least", "most", "deviation"), figures, strict=True))
    Console().print(shown)
    counts = {"utterances": len(index.utterances), "speakers": len(each), "classes": len(index.labels)}
    record("real_voices", {**counts, "systems": content})
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(END)
    write_text(DOCUMENT, before.partition(BEGIN)[0] + section() + END + rest)


if __name__ == "__main__":
    typer.run(main)
