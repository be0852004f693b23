"""Stage `extract@audio`: runs the frozen audio encoder over every utterance, into data/features/audio.h5."""

from pathlib import Path

from emotion.core.environment import budget, scratch_folder
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.utterance import read_index
from emotion.extraction import executors
from emotion.extraction.extract_audio import extract_audio
from emotion.extraction.features import choose_device
from emotion.extraction.settings import ExtractAudio

if __name__ == "__main__":
    with one_line_errors():
        params, index = read_part(ExtractAudio), read_index(Path("data/index.csv"))
        extract_audio(
            index,
            root=Path("data/raw") / index.corpus,
            fitted=Path("models/encoders/audio"),
            out=Path("data/features/audio.h5"),
            scratch=scratch_folder(),
            budget=budget(),
            channel=params.audio.channel,
            max_seconds=params.max_seconds,
            max_missing=params.max_missing,
            on_error=params.on_error,
            execute=executors.choose(),
            device=choose_device(),
        )
