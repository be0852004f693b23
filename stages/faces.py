"""Stage `faces`: videos -> face clips in data/faces.h5; coverage in metrics/faces.json, details in data/faces.csv."""

from pathlib import Path

from emotion.core.environment import scratch_folder
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.utterance import read_index
from emotion.extraction import executors
from emotion.extraction.faces import extract_faces
from emotion.extraction.settings import FacesStage

if __name__ == "__main__":
    with one_line_errors():
        params, index = read_part(FacesStage), read_index(Path("data/index.csv"))
        extract_faces(
            index,
            root=Path("data/raw") / index.corpus,
            out=Path("data/faces.h5"),
            report=Path("metrics/faces.json"),
            details=Path("data/faces.csv"),
            scratch=scratch_folder(),
            clips=params.face,
            max_seconds=params.max_seconds,
            max_missing=params.max_missing,
            on_error=params.on_error,
            execute=executors.where_there_is_some(index, "face", executors.choose()),
        )
