"""Stage `fit@audio`: fits the audio encoder on the training split."""

from pathlib import Path

from emotion.core.environment import scratch_folder
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.utterance import read_index
from emotion.encoders.for_audio import make_audio
from emotion.extraction.fitting import fit_encoder
from emotion.extraction.settings import FitAudio

if __name__ == "__main__":
    with one_line_errors():
        params, index = read_part(FitAudio), read_index(Path("data/index.csv"))
        fit_encoder(
            index,
            *make_audio(index, params.audio, root=Path("data/raw") / index.corpus, max_seconds=params.max_seconds),
            out=Path("models/encoders/audio"),
            report=Path("metrics/audio_encoder.json"),
            scratch=scratch_folder(),
            settings=params.audio,
            folds=params.fit.folds,
        )
