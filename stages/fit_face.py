"""Stage `fit@face`: fits the face encoder on the training split."""

from pathlib import Path

from emotion.core.environment import scratch_folder
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.utterance import read_index
from emotion.encoders.for_face import make_face
from emotion.extraction.fitting import fit_encoder
from emotion.extraction.settings import FitFace

if __name__ == "__main__":
    with one_line_errors():
        params, index = read_part(FitFace), read_index(Path("data/index.csv"))
        fit_encoder(
            index,
            *make_face(index, params.face, clips=Path("data/faces.h5")),
            out=Path("models/encoders/face"),
            report=Path("metrics/face_encoder.json"),
            scratch=scratch_folder(),
            settings=params.face,
            folds=params.fit.folds,
        )
