"""Stage `extract@face`: runs the frozen face encoder over every utterance, into data/features/face.h5."""

from pathlib import Path

from emotion.core.environment import budget, scratch_folder
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.utterance import read_index
from emotion.extraction import executors
from emotion.extraction.extract_face import extract_face
from emotion.extraction.features import choose_device
from emotion.extraction.settings import Missing

if __name__ == "__main__":
    with one_line_errors():
        params = read_part(Missing)
        extract_face(
            read_index(Path("data/index.csv")),
            clips=Path("data/faces.h5"),
            fitted=Path("models/encoders/face"),
            out=Path("data/features/face.h5"),
            scratch=scratch_folder(),
            budget=budget(),
            max_missing=params.max_missing,
            on_error=params.on_error,
            execute=executors.choose(),
            device=choose_device(),
        )
