"""Polarity first: the product of two softmaxes beside loops, who is decided for, and which labels have a polarity."""

import math

import numpy as np
import pytest
import torch
from encoders.planted import section

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.fit import Classifier
from emotion.encoders.for_text import new_encoder
from emotion.encoders.polarity import POLARITIES, PolarityHead, polarities
from emotion.encoders.settings import Text
from emotion.extraction.fitting import fit_encoder

IEMOCAP = ("happy", "sad", "neutral", "angry", "excited", "frustrated")
OF_IEMOCAP = ["positive", "negative", "neutral", "negative", "positive", "negative"]
FIELD = {  # label sets of the field
    "MELD": "neutral surprise fear sadness joy disgust anger",
    "CREMA-D": "angry disgust fear happy neutral sad",
    "RAVDESS": "neutral calm happy sad angry fearful disgust surprised",
    "EmoDB": "anger boredom disgust fear happiness sadness neutral",
    "MOSEI": "happiness sadness anger surprise disgust fear",
    "DailyDialog": "neutral anger disgust fear happiness sadness surprise",
}


def softmax(values):
    total = sum(math.exp(value) for value in values)
    return [math.exp(value) / total for value in values]


def naive(head, vector, groups):
    """Probability of each label, one after the other."""
    names = list(dict.fromkeys(groups))
    first = dict(zip(names, softmax((head.polarity.weight @ vector + head.polarity.bias).tolist()), strict=True))
    scores = (head.within.weight @ vector + head.within.bias).tolist()
    found = [0.0] * len(groups)
    for name in names:
        own = [place for place, group in enumerate(groups) if group == name]
        for place, share in zip(own, softmax([scores[place] for place in own]), strict=True):
            found[place] = first[name] * share
    chosen = max(names, key=lambda name: first[name])
    inside = [place for place, group in enumerate(groups) if group == chosen]
    return found, max(inside, key=lambda place: found[place])


@pytest.mark.parametrize("groups", [OF_IEMOCAP, ["positive", "negative"], ["either", "negative", "negative"]])
def test_probabilities_and_decisions_equal_the_loops(groups):
    torch.manual_seed(0)
    head, vectors = PolarityHead(5, groups), 2 * torch.randn(40, 5)
    with torch.no_grad():
        logs = head(vectors)
        decided = head.decide(logs)
        for row, number, vector in zip(logs, decided.tolist(), vectors, strict=True):
            found, expected = naive(head, vector, groups)
            assert number == expected
            np.testing.assert_allclose(row.exp().numpy(), found, rtol=1e-4)
            assert sum(found) == pytest.approx(1)


def test_the_likeliest_label_may_be_of_another_polarity():
    """Two negative labels of 0.3 each beat a positive one of 0.4."""
    head = PolarityHead(2, ["positive", "negative", "negative"])
    logs = torch.tensor([[0.4, 0.31, 0.29], [0.6, 0.1, 0.3]]).log()
    assert head.decide(logs).tolist() == [1, 0] and logs.argmax(-1).tolist() == [0, 0]


def test_gradients_are_finite_and_those_of_the_definition():
    torch.manual_seed(0)
    head, vectors, labels = PolarityHead(4, OF_IEMOCAP).double(), torch.randn(6, 4).double(), list(range(6))
    head.polarity.double(), head.within.double()
    torch.nn.functional.cross_entropy(head(vectors), torch.tensor(labels), label_smoothing=0.1).backward()
    for layer in (head.polarity, head.within):
        for value in (layer.weight, layer.bias):
            assert bool(value.grad.isfinite().all()) and bool(value.grad.any())

    def loss():
        total = 0.0
        for vector, label in zip(vectors, labels, strict=True):
            found, _ = naive(head, vector, OF_IEMOCAP)
            total -= sum((0.1 / 6 + 0.9 * (k == label)) * math.log(found[k]) for k in range(6)) / len(labels)
        return total

    with torch.no_grad():
        for value in (head.polarity.weight, head.within.bias):
            for place in list(np.ndindex(*value.shape))[:6]:
                before = value[place].item()
                ends = []
                for step in (1e-5, -1e-5):
                    value[place] = before + step
                    ends.append(loss())
                value[place] = before
                assert float(value.grad[place]) == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-4)


def test_the_fields_labels_have_a_polarity():
    assert polarities(IEMOCAP) == OF_IEMOCAP
    for names in FIELD.values():
        assert set(polarities(names.split())) <= set(POLARITIES)
    assert polarities(["Joy", "ANGER"]) == ["positive", "negative"]
    names = " ".join(POLARITIES.values()).split()
    assert len(names) == len(set(names))  # none has two


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["happy", "sad", "glad"], "nobody knows whether 'glad' is positive or negative; known are amused, anger"),
        (["sad", "angry"], r"all labels are negative \(sad, angry\), so there is none to decide first"),
    ],
)
def test_labels_without_a_polarity_are_named(labels, message):
    with pytest.raises(EmotionError, match=message):
        polarities(labels)


def test_a_linear_head_decides_as_ever():
    encoder = new_encoder(Text())
    plain, first = Classifier(encoder, classes=6), Classifier(encoder, classes=6, polarities=OF_IEMOCAP)
    logits = torch.randn(9, 6)
    assert torch.equal(plain.decide(logits), logits.argmax(-1))
    assert torch.equal(first.decide(logits), first.head.decide(logits))


LINES = {"happy": "what a joy", "excited": "what a thrill", "sad": "such a pity", "angry": "such a mess"}
WORDS = ("what", "a", "joy", "thrill", "such", "pity", "mess")


def corpus():
    rows = [
        Utterance(f"u{n}", f"d{n // 4}", n, "s", 0.0, 1.0, label, split, LINES[label], "", "", "")
        for split, start in (("train", 0), ("validation", 40))
        for n, label in enumerate([*LINES] * 10, start)
    ]
    return Index(tuple(rows), tuple(LINES), "planted", "digest")


def fitted(tmp_path, name, index=None, **changes):
    rng = np.random.default_rng(0)
    table = "".join(f"{word} {' '.join(f'{x:.4f}' for x in rng.normal(size=8))}\n" for word in WORDS)
    (tmp_path / "vectors.txt").write_text(table)
    options = {"encoder": "word_vectors", "vectors": str(tmp_path / "vectors.txt"), "epochs": 8, "lr": 3e-2}
    settings = section(Text, **options | {"dim": 0} | changes)
    fit_encoder(
        index or corpus(),
        new_encoder(settings),
        lambda row: row.text,
        out=tmp_path / name,
        report=tmp_path / f"{name}.json",
        scratch=tmp_path / "scratch",
        settings=settings,
    )
    return {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}


@pytest.mark.slow
def test_word_vectors_learn_polarity_first(tmp_path):
    plain, same = fitted(tmp_path, "plain"), fitted(tmp_path, "same", hierarchy="none")
    first, again = (fitted(tmp_path, name, hierarchy="polarity") for name in ("first", "again"))
    assert plain == same and first == again
    assert first["model.safetensors"] != plain["model.safetensors"]
    assert first["settings.json"] == plain["settings.json"]
    assert '"validation_weighted_f1": 1.0' in (tmp_path / "first.json").read_text()


def test_what_cannot_be_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(
        EmotionError, match=r"text.hierarchy is set, but the text encoder word_vectors is frozen without"
    ):
        fitted(tmp_path, "frozen", hierarchy="polarity", tune=False)
    other = Index(corpus().utterances, ("happy", "odd"), "planted", "digest")
    with pytest.raises(EmotionError, match="nobody knows whether 'odd' is positive or negative"):
        fitted(tmp_path, "odd", index=other, hierarchy="polarity")
