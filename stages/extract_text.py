"""Stage `extract@text`: runs the frozen text encoder over every utterance, into data/features/text.h5."""

from pathlib import Path

from emotion.corpus.utterance import read_index
from emotion.encoders.text import TextEncoder, read_text
from emotion.errors import one_line_errors
from emotion.extraction.features import extract_features
from emotion.params import read_params, scratch_folder

if __name__ == "__main__":
    with one_line_errors():
        params = read_params()
        encoder = TextEncoder.load(Path("models/encoders/text"))
        extract_features(
            read_index(Path("data/index.csv")),
            encoder,
            read_text,
            out=Path("data/features/text.h5"),
            scratch=scratch_folder(),
            budget=4_096,  # tokens
            max_missing=params.max_missing,
        )
