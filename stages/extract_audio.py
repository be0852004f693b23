"""Stage `extract@audio`: runs the frozen audio encoder over every utterance, into data/features/audio.h5."""

from pathlib import Path

from emotion.corpus.utterance import read_index
from emotion.encoders.audio import AudioEncoder
from emotion.errors import one_line_errors
from emotion.extraction.features import extract_features
from emotion.media.audio import files, reader
from emotion.params import read_params, scratch_folder

if __name__ == "__main__":
    with one_line_errors():
        params = read_params()
        index = read_index(Path("data/index.csv"))
        root = Path("data/raw") / index.corpus
        encoder = AudioEncoder.load(Path("models/encoders/audio"))
        extract_features(
            index,
            encoder,
            reader(root, rate=encoder.rate),
            out=Path("data/features/audio.h5"),
            scratch=scratch_folder(),
            budget=4_000_000,  # samples
            max_missing=params.max_missing,
            media=files(index, root=root),
        )
