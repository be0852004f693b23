"""Extract audio features: for the stage `extract@audio`, and for each fold of a study."""

from functools import partial
from pathlib import Path
from typing import Any

from emotion.corpus.utterance import Index
from emotion.encoders.base import fit_again
from emotion.encoders.folds import load_folds
from emotion.encoders.for_audio import load_encoder
from emotion.extraction.engine import Executor
from emotion.extraction.executors import where_there_is_some
from emotion.extraction.features import extract_features, seconds
from emotion.media.audio import files, reader
from emotion.media.remarks import remark
from emotion.store.trained import check_folder


def extract_audio(
    index: Index,
    *,
    root: Path,
    fitted: Path,
    channel: str,
    max_seconds: float,
    execute: Executor,
    **how: Any,  # noqa: ANN401
) -> None:
    """Run the fitted encoder over every utterance.

    Args:
        index: the corpus.
        root: its folder.
        fitted: the encoder's folder.
        channel: of stereo sound, see `media.audio.reader`.
        max_seconds: s of an utterance that are read at most.
        execute: who does it; nobody has to where the corpus lacks the medium.
        how: the other arguments of `extract_features`.

    Raises:
        EmotionError: see `extract_features`; or the encoder's folder is damaged, or an earlier version wrote it.
    """
    extract_features(
        index,
        knows=check_folder(fitted, remedy=fit_again("audio")),
        load=partial(load_folds, fitted, load_encoder),
        open_media=partial(reader, root, rate=load_encoder(fitted).rate, channel=channel, max_seconds=max_seconds),
        length=seconds,
        per_batch=240,
        media=files(index, root=root),
        remark=partial(remark, max_seconds=max_seconds),
        root=root,
        execute=where_there_is_some(index, "audio", execute),
        **how,
    )
