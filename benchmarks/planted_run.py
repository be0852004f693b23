"""A finished run of the pipeline of any size, without media: planted features, a model that was not trained."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emotion.core.files import writing_folder
from emotion.core.tables import csv_text
from emotion.corpus.utterance import Utterance, read_index, write_index
from emotion.fusion import dataset, logits, saved
from emotion.fusion.models import building, registry
from emotion.store.overlap import training_of
from emotion.store.trained import Training, digest, write_record
from emotion.store.writer import CacheWriter

ROOT = Path(__file__).parent.parent
LABELS = ("happy", "sad", "neutral", "angry", "excited", "frustrated")
DIMS = {"audio": 12, "face": 10, "text": 16}
_CLIP = 16  # px


def plant(
    folder: Path,
    *,
    lengths: Sequence[int] = (6, 4, 5, 7),
    dims: Mapping[str, int] = DIMS,
    labels: Sequence[str] = LABELS,
    model: str = "fusion",
    context: tuple[int | str, int | str] = (3, 0),
    words: Sequence[str] = (),
    text: str = "well, {i}",
    faces: bool = True,
    evaluated: bool = True,
    corpus: str = "planted",
    **sizes: Any,  # noqa: ANN401 - of `building.build`
) -> list[Utterance]:
    """Write index, caches, models/fusion, metrics and params.yaml.

    Args:
        folder: of the run.
        lengths: utterances of each dialogue; every fourth is for validation, every fourth for the test.
        dims: features per modality.
        labels: names of the classes.
        model: a name of the registry.
        context: history and future.
        words: modalities that come word by word.
        text: what everybody says; `{i}` is the number of the utterance.
        faces: with face clips.
        evaluated: with metrics.
        corpus: its name.
        sizes: hidden, heads, members and what else differs.

    Returns:
        The rows of the index, with all labels.
    """
    rng = np.random.default_rng(0)
    rows = _rows(lengths, labels, text, rng)
    data = folder / "data"
    write_index(data / "index.csv", rows, labels=labels, corpus=corpus, notes={})
    index = read_index(data / "index.csv")
    features = {name: data / "features" / f"{name}.h5" for name in dims}
    trained_on = [digest(row.utterance) for row in rows if row.split == "train"]
    for name, d in dims.items():
        counts = rng.integers(1, 4, len(rows)) if name in words else np.ones(len(rows), dtype=np.int64)
        values = [rng.normal(size=(count, d)).astype(np.float32) for count in counts]
        gone = rng.random(len(rows)) < 0.1
        _cache(features[name], rows, values, gone, digest=index.digest, modality=name, trained_on=trained_on)
    if faces:
        clips = [rng.integers(0, 255, (4, _CLIP, _CLIP), dtype=np.uint8) for _ in rows]
        gone = rng.random(len(rows)) < 0.1
        _cache(data / "faces.h5", rows, clips, gone, digest=index.digest, modality="face", trained_on=())
    history, future = context
    splits = dataset.load(index, features, history=history, future=future)
    torch.manual_seed(0)
    shape: dict[str, Any] = {"hidden": 8, "heads": 2, "dropout": 0.3, "members": 1} | sizes
    settings: dict[str, Any] = {"model": model, "dims": dict(dims), "labels": list(labels), **shape}
    settings = {**dict.fromkeys(registry.PARTS, True), **settings, "words": list(splits["train"].words)}
    parts = {name: settings[name] for name in registry.PARTS}
    module = building.build(model, dims=dims, classes=len(labels), words=settings["words"], **shape | parts).eval()
    scored = [(splits[name], logits.probabilities(module, splits[name])) for name in ("validation", "test")]
    with writing_folder(folder / "models" / "fusion") as out:
        settings |= {"history": history, "future": future}
        saved.save(out, module, settings=settings, scaling=splits["train"].scaling, scored=scored)
        write_record(out, training_of(features, index))
    shutil.copy(ROOT / "params.yaml", folder / "params.yaml")
    if evaluated:
        _metrics(folder / "metrics", rows, labels, scored[1][1].numpy())
    return rows


def _rows(lengths: Sequence[int], labels: Sequence[str], text: str, rng: np.random.Generator) -> list[Utterance]:
    rows = []
    for dialogue, length in enumerate(lengths):
        split = ("train", "train", "validation", "test")[dialogue % 4]
        for turn in range(length):
            rows.append(
                Utterance(
                    utterance=f"Ses{1 + dialogue % 5:02}F_d{dialogue:03}_{turn:03}",
                    dialogue=f"Ses{1 + dialogue % 5:02}F_d{dialogue:03}",
                    turn=turn,
                    speaker=f"{split}{dialogue % 3}_{'FM'[turn % 2]}",
                    start=3.0 * turn,
                    end=3.0 * turn + 2.5,
                    label=labels[rng.integers(len(labels))],
                    split=split,
                    text=text.replace("{i}", str(len(rows))),
                    audio=f"wav/d{dialogue:03}.wav",
                    video="",
                    side="left" if turn % 2 else "right",
                    scenario=f"s{dialogue % 3}",
                )
            )
    return rows


def _cache(
    path: Path,
    rows: Sequence[Utterance],
    values: Sequence[Any],
    gone: Sequence[Any],
    *,
    digest: str,
    modality: str,
    trained_on: Sequence[bytes],
) -> None:
    attributes = {"index": digest, "modality": modality, "encoder": "planted"}
    training = Training(frozenset(trained_on))
    options = {"attributes": attributes, "scratch": path.parent / "scratch", "training": training}
    ids, first = [row.utterance for row in rows], values[0]
    with CacheWriter(path, ids=ids, shape=first.shape[1:], dtype=str(first.dtype), **options) as writer:
        for item, missing in zip(values, gone, strict=True):
            writer.append(None if missing else item, "no face" if missing else "")


def _metrics(folder: Path, rows: Sequence[Utterance], labels: Sequence[str], probabilities: Any) -> None:  # noqa: ANN401
    folder.mkdir(parents=True)
    test = [row for row in rows if row.split == "test"]
    guesses = [labels[i] for i in probabilities.argmax(1)]
    accuracy = float(np.mean([row.label == guess for row, guess in zip(test, guesses, strict=True)]))
    lines = [
        [row.utterance, row.dialogue, row.label, guess, *(f"{value:.6f}" for value in values)]
        for row, guess, values in zip(test, guesses, probabilities, strict=True)
    ]
    (folder / "predictions.csv").write_text(
        csv_text(["utterance", "dialogue", "actual", "predicted", *labels], lines), encoding="utf-8"
    )
    score = {"n": len(test), "accuracy": round(accuracy, 6), "weighted_f1": round(accuracy, 6)}
    metrics = {"validation": score, "test": score | {"per_class_f1": dict.fromkeys(labels, 0.2)}}
    details = {"interval": {"level": 0.95, "over": "dialogues", "count": 1, "given": False}, "absent": {"train": []}}
    (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    (folder / "details.json").write_text(json.dumps(details), encoding="utf-8")
    curve = "epoch,train_loss,validation_loss,validation_weighted_f1\n1,1.5,1.4,0.2\n2,1.2,1.3,0.3\n"
    (folder / "training.csv").write_text(curve, encoding="utf-8")
