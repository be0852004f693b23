"""The model card that people read: README.md with the front matter that Hugging Face's hub reads."""

import json
import re
from collections.abc import Iterator

from emotion.bundle.card import Card, TestScores
from emotion.core.tables import markdown_table, markdown_text

GENERATED = "trained on a generated corpus: drawn faces and synthetic voices; it knows nothing about real people"
# What the hub asks of the first modality that a model has.
TAGS = {"face": "video-classification", "audio": "audio-classification", "text": "text-classification"}
# Words of the hub for licences; it has more.
_KNOWN = re.compile(
    r"apache-2\.0|mit|isc|bsd-[23]-clause|mpl-2\.0|[al]?gpl-3\.0|gpl-2\.0|lgpl-2\.1|cc0-1\.0|odbl|odc-by|openrail|"
    r"unlicense|zlib|cc-by(-nc)?(-sa|-nd)?-4\.0|cc-by-sa-3\.0|cc-by-3\.0|unknown|other"
)
NOT_FOR = "It is not for decisions about people."


def page(card: Card) -> str:
    """The text of README.md."""
    return "\n".join([*_front(card), "", *_body(card)]) + "\n"


def _front(card: Card) -> Iterator[str]:
    """YAML; every text is quoted as JSON, which YAML 1.2 reads."""
    yield "---"
    if card.corpus.languages:
        yield f"language: {json.dumps(card.corpus.languages)}"
    yield from _licence(card.licence)
    yield "library_name: emotion"
    yield f"pipeline_tag: {next(tag for name, tag in TAGS.items() if name in card.modalities)}"
    yield f"tags: {json.dumps(['emotion-recognition-in-conversation', 'multimodal', *card.modalities])}"
    yield 'metrics: ["f1", "accuracy"]'
    if card.test is not None:
        yield from _index(card, card.test)
    yield "---"


def _index(card: Card, test: TestScores) -> Iterator[str]:
    """Scores, as the hub reads them."""
    yield "model-index:"
    yield f"  - name: {json.dumps(card.name, ensure_ascii=False)}"
    yield "    results:"
    yield '      - task: {type: "emotion-recognition-in-conversation"}'
    corpus = json.dumps(card.corpus.name, ensure_ascii=False)
    yield f'        dataset: {{name: {corpus}, type: {corpus}, split: "test"}}'
    yield "        metrics:"
    for kind, name, value in (
        ("f1", "weighted F1", test.weighted_f1),
        ("f1", "macro F1", test.macro_f1),
        ("accuracy", "accuracy", test.accuracy),
    ):
        yield f'          - {{type: "{kind}", name: "{name}", value: {value}}}'


def _licence(licence: str) -> Iterator[str]:
    """In the hub's words: it refuses others, and has `other` with a name for them."""
    word = licence.strip().lower()
    if not word or _KNOWN.fullmatch(word):
        yield f"license: {json.dumps(word or 'unknown')}"
        return
    yield 'license: "other"'
    yield f"license_name: {json.dumps('-'.join(re.findall(r'[a-z0-9.]+', word)) or 'other')}"
    yield 'license_link: "README.md"'


def sections(card: Card) -> list[tuple[str, list[tuple[str, str]]]]:
    """What people want to know of a model: title and rows of name and value."""
    return [
        ("What it is", list(_what(card))),
        ("What it was trained on", list(_training(card))),
        ("What it is worth", list(_worth(card))),
    ]


def _what(card: Card) -> Iterator[tuple[str, str]]:
    yield "model", card.model
    yield "modalities", ", ".join(card.modalities)
    yield "emotions", ", ".join(card.labels)
    for name, encoder in card.encoders.items():
        yield f"encoder of {name}", encoder
    yield "licence of the weights", card.licence or "not said"
    yield "made with", f"emotion {card.version}".strip()


def _training(card: Card) -> Iterator[tuple[str, str]]:
    corpus = card.corpus
    yield "corpus", corpus.name
    yield "recordings", "generated: drawn faces and synthetic voices" if corpus.synthetic else "of people"
    yield "languages", ", ".join(corpus.languages) or "not known"
    yield "licence of the corpus", corpus.licence or "not known"
    if corpus.utterances:
        yield "dialogues, speakers", f"{corpus.dialogues}, {corpus.speakers}"
        yield "utterances", ", ".join(f"{split} {count}" for split, count in corpus.utterances.items())


def _worth(card: Card) -> Iterator[tuple[str, str]]:
    test, validation, unsure = card.test, card.validation, card.unsure
    if test is None or validation is None:
        yield "scores", "nobody has measured it: nothing is known of how often it is right"
        yield "unsure below, chosen by nobody on data", f"probability {unsure.below:g}"
        return
    yield "test: weighted F1", _percent(test.weighted_f1)
    yield "test: its 95 % interval", test.interval
    yield "test: accuracy", f"{_percent(test.accuracy)} of {test.n} utterances"
    yield "test: macro F1, unweighted recall", f"{_percent(test.macro_f1)}, {_percent(test.unweighted_recall)}"
    yield "test: calibration error (ECE), before the temperature", _percent(test.ece)
    yield "temperature, fitted on validation", f"{card.temperature:g}"
    yield "validation: ECE before and after", f"{_percent(validation.ece)}, {_percent(validation.ece_scaled)}"
    yield "unsure below, chosen on validation", f"probability {unsure.below:g}"
    yield "validation: unsure", f"{_percent(unsure.share)} of {validation.n} utterances"
    yield "validation: accuracy where sure", _percent(unsure.accuracy_sure)
    yield "validation: accuracy where unsure", _percent(unsure.accuracy_unsure)


def _body(card: Card) -> Iterator[str]:
    yield f"# {markdown_text(card.name)}\n"
    yield (
        f"Says of each turn of a conversation what it looks and sounds most like: "
        f"{', '.join(map(markdown_text, card.labels))}. It does not know what anybody feels. {NOT_FOR}\n"
    )
    if card.corpus.synthetic:
        yield f"**It was {GENERATED}. It takes no other recordings than those of that corpus.**\n"
    yield "    emotion predict talk.mp4 --model THIS_FOLDER --out talk"
    for title, rows in sections(card):
        yield f"\n## {title}\n"
        yield markdown_table(("what", "value"), rows)
    yield (
        "\nScores on validation are too good: the epoch, the temperature and the threshold were chosen there. "
        "`card.json` has all of this for programs, and the sha256 of every file: `emotion model check THIS_FOLDER`. "
        "Where the encoder of text is `scratch`, its vocabulary was learned from the training texts."
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
