"""The reversed gradient beside its definition, and a planted speaker that the vectors then tell less of."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from encoders.planted import section
from sklearn.linear_model import LogisticRegression
from torch import nn

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.adversary import Adversary, reverse, strength
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.base import Encoder
from emotion.encoders.fit import Classifier, fit
from emotion.encoders.settings import Audio
from emotion.extraction.fitting import fit_encoder
from emotion.training.device import seed_everything


class Squashed(Encoder):
    """One linear layer: all that is needed to see what reaches an encoder."""

    modality, name, dim = "audio", "toy", 4

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 4)

    def settings(self):
        return {}

    def cost(self, item):
        return 1

    def collate(self, inputs):
        return {"x": torch.stack([torch.as_tensor(value) for value in inputs])}

    def forward(self, batch):
        return torch.tanh(self.layer(batch["x"]))


def naive(weights, x, labels, who, share):
    """Loss of emotions minus `share` times that of speakers, utterance by utterance, from plain numbers."""
    layer, head, first, second = weights
    total = 0.0
    for vector, label, speaker in zip(x, labels, who, strict=True):
        state = torch.tanh(layer[0] @ vector + layer[1])
        emotions = head[0] @ state + head[1]
        speakers = second[0] @ (first[0] @ state + first[1]).clamp(min=0) + second[1]
        total = total + emotions.exp().sum().log() - emotions[label]
        total = total - share * (speakers.exp().sum().log() - speakers[speaker])
    return total / len(x)


def test_gradients_are_those_of_the_definition():
    """Also by differences: the encoder climbs what the speakers' classifier goes down."""
    torch.manual_seed(0)
    module = Classifier(Squashed(), classes=3, speakers=2).double().eval()
    x, labels, who = torch.randn(7, 6).double(), torch.randint(0, 3, (7,)), torch.randint(0, 2, (7,))
    logits, heard = module.opposed({"x": x}, 0.7)
    measure = nn.functional.cross_entropy
    (measure(logits, labels) + measure(heard, who)).backward()
    layers = (module.encoder.layer, module.head, module.adversary.layers[0], module.adversary.layers[2])
    weights = [(layer.weight.detach().clone(), layer.bias.detach().clone()) for layer in layers]
    for number, layer in enumerate(layers):
        share = 0.7 if number == 0 else -1.0  # the classifier of speakers goes down its own loss
        for kind, found in enumerate((layer.weight.grad, layer.bias.grad)):
            for place in np.ndindex(*found.shape):
                ends = []
                for step in (1e-6, -1e-6):
                    moved = [[part.clone() for part in pair] for pair in weights]
                    moved[number][kind][place] += step
                    ends.append(float(naive(moved, x, labels, who, share)))
                assert float(found[place]) == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)


def test_values_pass_unchanged_and_the_strength_rises():
    x = torch.randn(3, 2, requires_grad=True)
    turned = reverse(x, 0.5)
    assert torch.equal(turned, x)
    turned.sum().backward()
    assert torch.equal(x.grad, torch.full_like(x, -0.5))
    values = [strength(0.4, epoch, epochs=16) for epoch in range(1, 17)]
    assert values[0] == 0 and values == sorted(values) and 0.39 < values[-1] < 0.4
    assert {strength(0.0, epoch, epochs=16) for epoch in range(1, 17)} == {0.0}


def plant(count, *, seed):
    """Of each vector two numbers tell the emotion, two the speaker, loudly."""
    rng = np.random.default_rng(seed)
    labels, who = rng.integers(0, 2, count), rng.integers(0, 2, count)
    x = rng.normal(size=(count, 6)).astype(np.float32)
    x[:, 0] += 2.0 * (2 * labels - 1)
    x[:, 1] += 1.5 * (2 * who - 1)
    return list(torch.from_numpy(x)), labels.tolist(), who.tolist()


def probed(adversarial):
    """How well a logistic regression tells the speaker, and the emotion, by the vectors of a fitted encoder."""
    (inputs, labels, who), (held, truth, own) = plant(240, seed=0), plant(240, seed=1)
    seed_everything(3)
    module = Classifier(Squashed(), classes=2, speakers=2 if adversarial else 0)
    settings = section(Audio, adversarial=adversarial, epochs=30, lr=3e-2, batch=24)
    fit(module, (inputs, labels), (held, truth), settings=settings, speakers=who if adversarial else ())
    with torch.no_grad():
        seen, unseen = (module.encoder(module.encoder.collate(values)).numpy() for values in (inputs, held))
    return [
        LogisticRegression().fit(seen, known).score(unseen, wanted) for known, wanted in ((who, own), (labels, truth))
    ]


@pytest.mark.slow
def test_a_probe_tells_speakers_less_and_emotions_as_well():
    (speaker, emotion), (hidden, kept) = probed(0.0), probed(1.0)
    assert speaker > 0.8 and emotion > 0.9
    assert hidden < speaker - 0.15 and kept > emotion - 0.03


def index_of(speakers, count=12):
    splits = ["train"] * 8 + ["validation"] * 4
    rows = [
        Utterance(
            f"u{n}", f"d{n // 2}", n, speakers[n % len(speakers)], 0.0, 1.0, "ab"[n % 3 % 2], splits[n], "", "", "", ""
        )
        for n in range(count)
    ]
    return Index(tuple(rows), ("a", "b"), "planted", "digest")


def fitted(tmp_path, index, name, **changes):
    waves = np.random.default_rng(0).normal(size=(len(index.utterances), 900)).astype(np.float32)
    encoder = AudioEncoder(dim=6, rate=8000, frame=320, hop=160, filters=4, kernel=64, stride=32, hidden=4, layers=1)
    fit_encoder(
        index,
        encoder,
        lambda row: waves[row.turn],
        out=tmp_path / name,
        report=tmp_path / f"{name}.json",
        scratch=tmp_path / "scratch",
        settings=section(Audio, epochs=2, batch=4, **changes),
    )
    return {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}


@pytest.mark.slow
def test_off_it_changes_no_byte_and_on_it_does(tmp_path):
    index = index_of(["one", "two"])
    plain, off = fitted(tmp_path, index, "plain"), fitted(tmp_path, index, "off", adversarial=0.0)
    on, again = (fitted(tmp_path, index, name, adversarial=0.5) for name in ("on", "again"))
    assert plain == off and on == again
    assert on["model.safetensors"] != plain["model.safetensors"] and on["settings.json"] == plain["settings.json"]
    assert on.keys() == plain.keys()  # the classifier of speakers is not kept


@pytest.mark.slow
def test_only_training_speakers_are_learned(tmp_path):
    """Other names of the validation speakers change nothing."""
    index = index_of(["one", "two"])
    before = fitted(tmp_path, index, "before", adversarial=0.5)
    rows = tuple(
        row if row.split == "train" else replace(row, speaker=f"another of {row.utterance}") for row in index.utterances
    )
    after = fitted(tmp_path, replace(index, utterances=rows), "after", adversarial=0.5)
    assert before["model.safetensors"] == after["model.safetensors"]


def test_one_speaker_and_nothing_to_fit_are_refused(tmp_path):
    with pytest.raises(EmotionError, match=r"audio.adversarial is 0.5, but there is one training speaker only"):
        fitted(tmp_path, index_of(["one"]), "alone", adversarial=0.5)

    class Frozen(Squashed):
        trains = False

    with pytest.raises(EmotionError, match=r"audio.adversarial is set, but the audio encoder toy is frozen"):
        fit_encoder(
            index_of(["one", "two"]),
            Frozen(),
            lambda row: None,
            out=tmp_path / "frozen",
            report=tmp_path / "frozen.json",
            scratch=tmp_path / "scratch",
            settings=section(Audio, adversarial=0.5),
        )
    assert not (tmp_path / "frozen").exists()


def test_the_adversary_has_two_layers():
    assert [tuple(value.shape) for value in Adversary(5, 3).parameters()] == [(5, 5), (5,), (3, 5), (3,)]
