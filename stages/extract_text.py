"""Stage `extract@text`: runs the frozen text encoder over every utterance, into data/features/text.h5."""

from functools import partial
from pathlib import Path

from emotion.corpus.utterance import read_index
from emotion.encoders.folds import load_folds
from emotion.encoders.for_text import load_encoder
from emotion.encoders.text import open_reader
from emotion.errors import one_line_errors
from emotion.extraction import executors
from emotion.extraction.features import TEXT_BATCH, characters, choose_device, extract_features
from emotion.params import budget, read_params, scratch_folder

if __name__ == "__main__":
    with one_line_errors():
        params = read_params()
        extract_features(
            read_index(Path("data/index.csv")),
            load=partial(load_folds, Path("models/encoders/text"), load_encoder),
            open_media=open_reader,
            length=characters,
            per_batch=TEXT_BATCH,
            out=Path("data/features/text.h5"),
            scratch=scratch_folder(),
            budget=budget(),
            max_missing=params.max_missing,
            on_error=params.on_error,
            execute=executors.choose(),
            device=choose_device(),
        )
