"""A small corpus on disk with sound, faces and words, any split of which can be poisoned."""

import csv
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from encoders.planted import clips, texts, waves

from emotion.corpus.utterance import Utterance, read_index, write_index
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.face import FaceEncoder
from emotion.encoders.settings import Fit
from emotion.encoders.text import TextEncoder, read_text
from emotion.extraction.fitting import fit_encoder
from emotion.media.audio import reader as audio_reader
from emotion.media.clips import open_reader as clip_reader
from emotion.store.writer import CacheWriter

LABELS = ("calm", "loud")
SPLITS = {"Ses01": "train", "Ses02": "train", "Ses03": "validation", "Ses04": "test"}
EACH = 8  # utterances of a session

ENCODERS = {
    "audio": partial(AudioEncoder, dim=6, frame=320, hop=320, filters=4, kernel=64, stride=64, hidden=4, layers=2),
    "face": partial(FaceEncoder, dim=6, frames=8, size=16, width=2),
    "text": partial(TextEncoder, dim=6, hidden=8, layers=1, heads=2, limit=20, vocabulary=300),
}


def plant(root: Path, *, poison: str = "") -> Path:
    """Write wav files, a clip cache and the index; the poisoned split has other media, words and labels."""
    count = EACH * len(SPLITS)
    sounds, pictures, words = waves(count)[0], clips(count)[0], texts(count)[0]
    rng = np.random.default_rng(9)
    rows = []
    root.mkdir(parents=True)
    for number in range(count):
        session = list(SPLITS)[number // EACH]
        label = number % 2
        if SPLITS[session] == poison:
            sounds[number] = rng.uniform(-1, 1, 5000).astype(np.float32)
            pictures[number] = rng.integers(0, 256, pictures[number].shape, dtype=np.uint8)
            words[number] = "zyzzyva quiz " * 5
            label = 1 - label if number % 3 else label
        name = f"{session}F_impro01_{number:03}"
        soundfile.write(root / f"{name}.wav", sounds[number], 16000, subtype="FLOAT")
        end = len(sounds[number]) / 16000
        who = {"speaker": f"{session}_F", "label": LABELS[label], "split": SPLITS[session], "text": words[number]}
        row = {"utterance": name, "dialogue": f"{session}F_impro01", "turn": number, "start": 0.0, "end": end} | who
        rows.append(Utterance(**row, audio=f"{name}.wav", video="", side="full"))
    write_index(root / "index.csv", rows, labels=LABELS, corpus="planted", notes={})
    names = [row.utterance for row in rows]
    how = {"attributes": {}, "scratch": root / "scratch"}
    with CacheWriter(root / "faces.h5", ids=names, shape=(16, 16), dtype="uint8", **how) as writer:
        for clip in pictures:
            writer.append(clip)
    return root


def fit(modality: str, root: Path, out: Path, **options) -> None:
    """Fit as the stages do: index, media and words come from the disk."""
    folds = options.pop("folds", 2)
    settings = Fit(**{"epochs": 1, "lr": 1e-2, "weight_decay": 0.0, "batch": 4, "seed": 3} | options)
    places = {"out": out / "encoder", "report": out / "report.json", "scratch": out / "scratch"}
    index = read_index(root / "index.csv")
    read = {
        "audio": audio_reader(root, rate=16000),
        "face": clip_reader(root / "faces.h5", frames=8),
        "text": read_text,
    }[modality]
    fit_encoder(index, ENCODERS[modality](), read, **places, settings=settings, folds=folds)


def labels(root: Path) -> list[str]:
    with (root / "index.csv").open(encoding="utf-8", newline="") as file:
        return [row["label"] for row in csv.DictReader(file)]


def files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
