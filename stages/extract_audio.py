"""Stage `extract@audio`: runs the frozen audio encoder over every utterance, into data/features/audio.h5."""

from functools import partial
from pathlib import Path

from emotion.corpus.utterance import read_index
from emotion.encoders.folds import load_folds
from emotion.encoders.for_audio import load_encoder
from emotion.errors import one_line_errors
from emotion.extraction import executors
from emotion.extraction.features import choose_device, extract_features, seconds
from emotion.media.audio import files, reader
from emotion.params import budget, read_params, scratch_folder

if __name__ == "__main__":
    with one_line_errors():
        params = read_params()
        index = read_index(Path("data/index.csv"))
        root, fitted = Path("data/raw") / index.corpus, Path("models/encoders/audio")
        extract_features(
            index,
            load=partial(load_folds, fitted, load_encoder),
            open_media=partial(reader, root, rate=load_encoder(fitted).rate, channel=params.audio.channel),
            length=seconds,
            per_batch=240,
            out=Path("data/features/audio.h5"),
            scratch=scratch_folder(),
            budget=budget(),
            max_missing=params.max_missing,
            on_error=params.on_error,
            execute=executors.choose(),
            device=choose_device(),
            media=files(index, root=root),
        )
