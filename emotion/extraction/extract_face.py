"""Extract face features: for the stage `extract@face`, and for each fold of a study."""

from functools import partial
from pathlib import Path
from typing import Any

from emotion.corpus.utterance import Index
from emotion.encoders.folds import load_folds
from emotion.encoders.for_face import load_encoder
from emotion.extraction import absent
from emotion.extraction.engine import Executor
from emotion.extraction.features import clips as one_clip
from emotion.extraction.features import extract_features
from emotion.extraction.fitted import training_of
from emotion.media.clips import open_reader
from emotion.store.cache import verify


def extract_face(index: Index, *, clips: Path, fitted: Path, execute: Executor, **how: Any) -> None:  # noqa: ANN401
    """Run the fitted encoder over every utterance.

    Args:
        index: the corpus.
        clips: the cache of face clips.
        fitted: the encoder's folder.
        execute: who does it; nobody has to where the corpus lacks the medium.
        how: the other arguments of `extract_features`.

    Raises:
        EmotionError: see `extract_features`; or clips or encoder are damaged, or an earlier version wrote them.
    """
    verify(clips)
    training = training_of(fitted, "face")
    extract_features(
        index,
        load=partial(load_folds, fitted, load_encoder),
        open_media=partial(open_reader, clips, frames=load_encoder(fitted).frames),
        length=one_clip,
        per_batch=32,
        knows=training,
        media=[clips],
        execute=absent.executor(index, "face", execute),
        **how,
    )
