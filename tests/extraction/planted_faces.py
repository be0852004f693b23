"""The faces stage on coded videos, with a detector that knows where the codes are."""

import csv
from contextlib import nullcontext
from functools import partial
from unittest.mock import patch

from coded_video import BOX, read_code

from emotion.corpus.utterance import Index, Utterance
from emotion.extraction import faces
from emotion.extraction.executors import run_local
from emotion.extraction.faces import extract_faces
from emotion.media.faces import Box
from emotion.media.settings import Clips
from emotion.store.cache import Cache

SIZE = BOX[2]


def planted_detector(_, **more):
    """Sees the code of a coded video, sized so that the crop is the code."""

    def detect(picture):
        scale = picture.shape[0] / 240  # it is searched in a smaller copy
        return [Box(scale * (BOX[0] + SIZE / 2), scale * (BOX[1] + SIZE / 2), scale * SIZE / 1.15, 30.0)]

    return detect


def row(name, start, end, *, video="a.avi", side="left"):
    return Utterance(name, "d", 0, f"S_{side}", start, end, "happy", "train", "", "", video, side)


def extract(folder, rows, **more):
    chosen = {"size": SIZE} | {name: more.pop(name) for name in Clips.model_fields if name in more}
    options = {"max_missing": 0.0, "max_seconds": 600.0, "on_error": "skip"}
    options["execute"] = partial(run_local, workers=more.pop("workers", 1))
    real = "detector" in chosen  # else it is planted where videos are read, and OpenCV 5 has none of the name haar
    with nullcontext() if real else patch.object(faces, "make_detector"):
        extract_faces(
            Index(tuple(rows), ("happy",), "planted", "digest"),
            root=folder,
            out=folder / "faces.h5",
            report=folder / "metrics/faces.json",
            details=folder / "faces.csv",
            scratch=folder / "scratch",
            clips=Clips().model_copy(update=chosen),
            **{**options, **more},
        )


def codes(folder):
    with Cache(folder / "faces.h5") as cache:
        return {name: [read_code(picture) for picture in cache[i]] for i, name in enumerate(cache.ids)}


def listed(folder):
    return list(csv.DictReader((folder / "faces.csv").read_text().splitlines()))
