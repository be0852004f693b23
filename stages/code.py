"""Stage `code`: per stage a digest of the code that it imports, in .code/; and a look whether the corpus is there."""

import sys
from pathlib import Path

from emotion.core.closure import write_digests
from emotion.core.errors import one_line_errors
from emotion.core.settings import read_part
from emotion.corpus.raw import find_corpus
from emotion.corpus.settings import Corpus
from emotion.fusion.models import registry
from emotion.params import Named

if __name__ == "__main__":
    with one_line_errors():
        stages = [path for path in sorted(Path("stages").glob("*.py")) if path.stem not in ("__init__", "code")]
        if sys.argv[1:]:  # another pipeline: its folder, then its scripts, as SCRIPT or SCRIPT=MODEL,MODEL
            named = {script: models.split(",") for script, _, models in (word.partition("=") for word in sys.argv[2:])}
            behind = {
                Path(script).stem: [file for name in named[script] for file in registry.files(name)] for script in named
            }
            write_digests(Path(sys.argv[1]), map(Path, named), root=Path(), named=behind)
        else:
            write_digests(Path(".code"), stages, root=Path(), named=read_part(Named).by_stage())
            find_corpus(read_part(Corpus).corpus, raw=Path("data/raw"))
