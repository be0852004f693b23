"""Stage `fit@text`: fits the text encoder on the training split."""

from pathlib import Path

from emotion.core.environment import scratch_folder
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.utterance import read_index
from emotion.encoders.for_text import make_text
from emotion.extraction.fitting import fit_encoder
from emotion.extraction.settings import FitText

if __name__ == "__main__":
    with one_line_errors():
        params, index = read_part(FitText), read_index(Path("data/index.csv"))
        fit_encoder(
            index,
            *make_text(index, params.text),
            out=Path("models/encoders/text"),
            report=Path("metrics/text_encoder.json"),
            scratch=scratch_folder(),
            settings=params.text,
            folds=params.fit.folds,
        )
