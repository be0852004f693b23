"""Extract text features: for the stage `extract@text`, and for each fold of a study."""

from functools import partial
from pathlib import Path
from typing import Any

from emotion.corpus.utterance import Index
from emotion.encoders.base import Encoder, fit_again
from emotion.encoders.folds import load_folds
from emotion.encoders.for_text import load_encoder
from emotion.encoders.text import PretrainedText, open_reader
from emotion.extraction.engine import Executor
from emotion.extraction.executors import where_there_is_some
from emotion.extraction.features import characters, extract_features
from emotion.store.trained import check_folder


def extract_text(index: Index, *, fitted: Path, execute: Executor, **how: Any) -> None:  # noqa: ANN401
    """Run the fitted encoder over every utterance; see `extract_audio`.

    Raises:
        EmotionError: see `extract_features`; or the encoder's folder is damaged, or an earlier version wrote it.
    """
    extract_features(
        index,
        knows=check_folder(fitted, remedy=fit_again("text")),
        load=partial(load_folds, fitted, load_encoder),
        open_media=open_reader,
        length=characters,
        per_batch=per_batch,
        execute=where_there_is_some(index, "text", execute),
        **how,
    )


def per_batch(encoder: Encoder) -> int:
    """Most characters of a batch, padding included.

    Some 200 tokens keep a small body busy, and little of them is padding. A checkpoint is given none of the padding,
    and with less than some 500 tokens a core waits for its weights.
    """
    return 2560 if isinstance(encoder, PretrainedText) else 1024
