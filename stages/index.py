"""Stage `index`: raw corpus -> data/index.csv and data/index.json; data/annotators.csv has what each rater says."""

from pathlib import Path

from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.index import index_corpus
from emotion.corpus.settings import IndexStage

if __name__ == "__main__":
    with one_line_errors():
        params = read_part(IndexStage)
        index_corpus(
            corpus=params.corpus,
            root=Path("data/raw") / params.corpus,
            out=Path("data/index.csv"),
            label_rule=params.index.label_rule,
            split=params.index.split,
            allow_speaker_overlap=params.index.allow_speaker_overlap,
            ambiguous=params.index.ambiguous,
            annotators=Path("data/annotators.csv"),
            without_raters=True,
            encoding=params.index.encoding,
        )
