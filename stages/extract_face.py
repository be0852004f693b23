"""Stage `extract@face`: runs the frozen face encoder over every utterance, into data/features/face.h5."""

from functools import partial
from pathlib import Path

from emotion.cache import verify
from emotion.corpus.utterance import read_index
from emotion.encoders.folds import load_folds
from emotion.encoders.for_face import load_encoder
from emotion.errors import one_line_errors
from emotion.extraction import executors
from emotion.extraction.features import choose_device, clips, extract_features
from emotion.media.clips import open_reader
from emotion.params import budget, read_params, scratch_folder

if __name__ == "__main__":
    with one_line_errors():
        params = read_params()
        found, fitted = Path("data/faces.h5"), Path("models/encoders/face")
        verify(found)
        extract_features(
            read_index(Path("data/index.csv")),
            load=partial(load_folds, fitted, load_encoder),
            open_media=partial(open_reader, found, frames=load_encoder(fitted).frames),
            length=clips,
            per_batch=32,
            out=Path("data/features/face.h5"),
            scratch=scratch_folder(),
            budget=budget(),
            max_missing=params.max_missing,
            on_error=params.on_error,
            execute=executors.choose(),
            device=choose_device(),
            media=[found],
        )
