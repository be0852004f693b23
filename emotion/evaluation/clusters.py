"""What the bootstrap and the paired tests draw of an index: dialogues, or speakers."""

from emotion.corpus.utterance import Index
from emotion.evaluation.scores import clusters


def clusters_of(index: Index) -> tuple[dict[str, str], str]:
    """Utterance -> what it is resampled with, and what these clusters are; see `scores.clusters`."""
    rows = index.utterances
    found, kind = clusters([row.dialogue for row in rows], [row.speaker for row in rows])
    return dict(zip((row.utterance for row in rows), found, strict=True)), kind
