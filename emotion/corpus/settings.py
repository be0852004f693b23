"""Settings of the corpus and of the stage `index`."""

from typing import Annotated, Literal

from pydantic import Field

from emotion.core import plugins
from emotion.core.limits import checked
from emotion.core.settings import Settings
from emotion.core.text import CODECS, is_text_codec
from emotion.corpus import protocols
from emotion.corpus.splits import NAMES, is_known


class Index(Settings):
    """Reading the corpus."""

    label_rule: Literal["released", "strict"] = Field(
        default="released",
        description="released (7433 utterances of IEMOCAP; CREMA-D: what was acted) | "
        "strict (7380; what most raters say)",
    )
    ambiguous: bool = Field(
        default=False,
        description="true | false: keep utterances without a majority of the raters too; they have no class, and are "
        "for target: votes and the scores against the raters (iemocap, synthetic, table, crema_d with strict)",
    )
    split: Annotated[str, checked(is_known, f"one of corpus, {', '.join(NAMES)}, {protocols.NAMES}")] = Field(
        default="corpus",
        description="corpus (its own; for synthetic and iemocap that is paper) | only for these two: "
        "paper | cosmic | session1 .. session5 | where scenarios are known: session1_scenario1 .. session5_scenario3 "
        "(what plays the tested scenarios is left out) | session1_random1 .. (as much is left out at random)",
    )
    encoding: Annotated[str, checked(lambda name: name == "auto" or is_text_codec(name), f"auto, or {CODECS}")] = Field(
        default="auto",
        description="of a table: auto (UTF-8, or UTF-16 and UTF-32 by their mark) | gbk, cp1252, shift_jis ...",
    )
    allow_speaker_overlap: bool = Field(
        default=False,
        description="true | false: may speakers of the test set be in training? MELD's official split needs true",
    )


class Corpus(Settings):
    """Which corpus is read."""

    corpus: Literal["synthetic", "iemocap", "meld", "crema_d", "table"] | plugins.Name = Field(
        default="synthetic",
        description="synthetic | iemocap | meld | crema_d | table (your own) | plugins/FILE.py:NAME (your own reader); "
        "the raw data lie in data/raw/<corpus>",
    )


class IndexStage(Corpus):
    """What the stage `index` reads of params.yaml."""

    index: Index = Index()
