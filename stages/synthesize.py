"""Stage `synthesize`: writes the generated corpus to data/raw/synthetic."""

from pathlib import Path

from emotion.corpus.synthetic.release import write_corpus
from emotion.errors import one_line_errors
from emotion.params import read_params, workers

if __name__ == "__main__":
    with one_line_errors():
        params = read_params()
        write_corpus(Path("data/raw/synthetic"), seed=params.synthesize.seed, workers=workers())
