"""Stage `faces`: videos -> the speaker's face clips in data/faces.h5, coverage in metrics/faces.json."""

from pathlib import Path

from emotion.corpus.utterance import read_index
from emotion.errors import one_line_errors
from emotion.extraction import executors
from emotion.extraction.faces import extract_faces
from emotion.params import read_params, scratch_folder

if __name__ == "__main__":
    with one_line_errors():
        params = read_params()
        extract_faces(
            read_index(Path("data/index.csv")),
            root=Path("data/raw") / params.corpus,
            out=Path("data/faces.h5"),
            report=Path("metrics/faces.json"),
            scratch=scratch_folder(),
            detector=params.face.detector,
            size=params.face.size,
            fps=params.face.fps,
            detect_every=params.face.detect_every,
            fallback=params.face.fallback,
            max_missing=params.max_missing,
            on_error=params.on_error,
            execute=executors.choose(),
        )
