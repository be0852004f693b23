"""Stage `extract@face`: runs the frozen face encoder over every utterance, into data/features/face.h5."""

from pathlib import Path

from emotion.cache import Cache
from emotion.corpus.utterance import read_index
from emotion.encoders.face import FaceEncoder
from emotion.errors import one_line_errors
from emotion.extraction.features import extract_features
from emotion.media.clips import reader
from emotion.params import read_params, scratch_folder

if __name__ == "__main__":
    with one_line_errors(), Cache(Path("data/faces.h5")) as clips:
        params = read_params()
        encoder = FaceEncoder.load(Path("models/encoders/face"))
        extract_features(
            read_index(Path("data/index.csv")),
            encoder,
            reader(clips, frames=encoder.frames),
            out=Path("data/features/face.h5"),
            scratch=scratch_folder(),
            budget=1_024,  # frames
            max_missing=params.max_missing,
            media=[Path("data/faces.h5")],
        )
