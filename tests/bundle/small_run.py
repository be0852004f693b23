"""A finished run in miniature: sound, face clips and words on disk, encoders of few units, a classifier, its scores."""

import csv
import shutil
from functools import partial
from pathlib import Path

from closure import ROOT
from extraction.planted_media import ENCODERS, fit, plant

from emotion.core import logs
from emotion.corpus.utterance import read_index, write_index
from emotion.evaluation.report import evaluate
from emotion.extraction import executors
from emotion.extraction.extract_audio import extract_audio
from emotion.extraction.extract_face import extract_face
from emotion.extraction.extract_text import extract_text
from emotion.fusion.settings import TrainSettings
from emotion.fusion.train import fuse


def finish(project: Path, *, corpus: str = "table", folds: int = 1, refit: bool = False) -> Path:
    """Run what the stages run, from the index on."""
    root = plant(project / "data" / "raw" / corpus)
    index = read_index(root / "index.csv", test_labels=True)
    data = project / "data"
    write_index(data / "index.csv", index.utterances, labels=index.labels, corpus=corpus, notes={})
    index = read_index(data / "index.csv")
    shutil.copy(root / "faces.h5", data / "faces.h5")
    params = (ROOT / "params.yaml").read_text(encoding="utf-8")
    (project / "params.yaml").write_text(params.replace("  size: 48 ", "  size: 16 "), encoding="utf-8")
    extract = {
        "audio": partial(extract_audio, root=root, channel="mix", max_seconds=600.0),
        "face": partial(extract_face, clips=data / "faces.h5"),
        "text": extract_text,
    }
    with logs.quiet():
        for modality in ENCODERS:
            out = project / "fitted" / modality
            fit(modality, root, out, folds=folds)
            place = project / "models" / "encoders" / modality
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(out / "encoder", place)
            _extract(extract[modality], index, project, modality)
        settings = TrainSettings(epochs=2, hidden=4, heads=2, history=2, refit=refit)
        features = {name: data / "features" / f"{name}.h5" for name in ENCODERS}
        places = {"out": project / "models" / "fusion", "curve": project / "metrics" / "training.csv"}
        fuse(data / "index.csv", features, **places, scratch=project / "scratch", settings=settings)
        probabilities = project / "models" / "fusion" / "probabilities.csv"
        evaluate(data / "index.csv", probabilities, places["curve"], out=project / "metrics")
    return project


def _extract(extract, index, project, modality):
    extract(
        index,
        fitted=project / "models" / "encoders" / modality,
        out=project / "data" / "features" / f"{modality}.h5",
        scratch=project / "scratch",
        budget=1,
        max_missing=1.0,
        on_error="fail",
        device="cpu",
        execute=partial(executors.run_local, workers=1),
    )


def words(project: Path) -> set[str]:
    """What nobody but the corpus's owner may see: ids, dialogues and speakers."""
    with (project / "data" / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row[name] for row in rows for name in ("utterance", "dialogue", "speaker", "audio")}
