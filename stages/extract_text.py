"""Stage `extract@text`: runs the frozen text encoder over every utterance, into data/features/text.h5."""

from pathlib import Path

from emotion.core.environment import budget, scratch_folder
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.utterance import read_index
from emotion.extraction import executors
from emotion.extraction.extract_text import extract_text
from emotion.extraction.features import choose_device
from emotion.extraction.settings import Missing

if __name__ == "__main__":
    with one_line_errors():
        params = read_part(Missing)
        extract_text(
            read_index(Path("data/index.csv")),
            fitted=Path("models/encoders/text"),
            out=Path("data/features/text.h5"),
            scratch=scratch_folder(),
            budget=budget(),
            max_missing=params.max_missing,
            on_error=params.on_error,
            execute=executors.choose(),
            device=choose_device(),
        )
