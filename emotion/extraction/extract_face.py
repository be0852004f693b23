"""Extract face features: for the stage `extract@face`, and for each fold of a study."""

from functools import partial
from pathlib import Path
from typing import Any

from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.base import fit_again
from emotion.encoders.folds import load_folds
from emotion.encoders.for_face import load_encoder
from emotion.extraction.engine import Executor
from emotion.extraction.executors import where_there_is_some
from emotion.extraction.features import extract_features
from emotion.media.clips import open_reader
from emotion.store.cache import verify
from emotion.store.trained import check_folder


def extract_face(index: Index, *, clips: Path, fitted: Path, execute: Executor, **how: Any) -> None:  # noqa: ANN401
    """Run the fitted encoder over every utterance; see `extract_audio`, `clips` is the cache of face clips.

    Raises:
        EmotionError: see `extract_features`; or clips or encoder are damaged, or an earlier version wrote them.
    """
    verify(clips)
    extract_features(
        index,
        knows=check_folder(fitted, remedy=fit_again("face")),
        load=partial(load_folds, fitted, load_encoder),
        open_media=partial(open_reader, clips, frames=load_encoder(fitted).frames),
        length=_clips,
        per_batch=32,
        media=[clips],
        execute=where_there_is_some(index, "face", execute),
        **how,
    )


def _clips(row: Utterance) -> float:
    """Every face clip has as many frames as the encoder wants."""
    return 1
