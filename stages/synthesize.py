"""Stage `synthesize`: writes the generated corpus to data/raw/synthetic."""

from pathlib import Path

from emotion.core.environment import workers
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.synthetic.release import write_corpus
from emotion.corpus.synthetic.settings import SynthesizeStage

if __name__ == "__main__":
    with one_line_errors():
        params = read_part(SynthesizeStage)
        write_corpus(Path("data/raw/synthetic"), seed=params.synthesize.seed, workers=workers())
