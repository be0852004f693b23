"""Extract text features: for the stage `extract@text`, and for each fold of a study."""

from functools import partial
from pathlib import Path
from typing import Any

from emotion.corpus.utterance import Index
from emotion.encoders.folds import load_folds
from emotion.encoders.for_text import load_encoder
from emotion.encoders.text import open_reader
from emotion.extraction import absent
from emotion.extraction.engine import Executor
from emotion.extraction.features import TEXT_BATCH, characters, extract_features
from emotion.extraction.fitted import training_of


def extract_text(index: Index, *, fitted: Path, execute: Executor, **how: Any) -> None:  # noqa: ANN401
    """Run the fitted encoder over every utterance.

    Args:
        index: the corpus.
        fitted: the encoder's folder.
        execute: who does it; nobody has to where the corpus lacks the medium.
        how: the other arguments of `extract_features`.

    Raises:
        EmotionError: see `extract_features`; or the encoder's folder is damaged, or an earlier version wrote it.
    """
    extract_features(
        index,
        load=partial(load_folds, fitted, load_encoder),
        open_media=open_reader,
        length=characters,
        per_batch=TEXT_BATCH,
        knows=training_of(fitted, "text"),
        execute=absent.executor(index, "text", execute),
        **how,
    )
