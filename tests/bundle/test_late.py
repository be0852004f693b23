"""Late fusion: probabilities in common words, averaged; what a head cannot say is left as the others have it."""

import json

import pytest
import torch
from bundle.open_heads import NAMES

from emotion.bundle import late
from emotion.bundle.late import LABELS, LateFusion
from emotion.core.errors import EmotionError

EKMAN = {
    "anger": "anger annoyance disapproval angry ang",
    "disgust": "disgust",
    "fear": "fear nervousness",
    "joy": "joy amusement approval excitement gratitude love optimism relief pride admiration desire caring happy hap",
    "neutral": "neutral neu",
    "sadness": "sadness disappointment embarrassment grief remorse sad",
    "surprise": "surprise realization confusion curiosity",
}


def naive(said, present):
    """One utterance: modality -> probabilities of its classes."""
    ours = {}
    for name, values in said.items():
        if present[name]:
            known = dict(zip(NAMES[name], values, strict=True))
            best = {
                label: max([known[w] for w in words.split() if w in known] or [0]) for label, words in EKMAN.items()
            }
            ours[name] = {label: value / sum(best.values()) for label, value in best.items()}
    whole = [name for name in ours if name != "audio"]
    if "audio" in ours and whole:
        others = {label: sum(ours[name][label] for name in whole) / len(whole) for label in EKMAN}
        unknown = ("disgust", "fear", "surprise")
        rest = 1 - sum(others[label] for label in unknown)
        ours["audio"] = {label: others[label] if label in unknown else ours["audio"][label] * rest for label in EKMAN}
    return [sum(values[label] for values in ours.values()) / len(ours) for label in EKMAN]


def drawn(utterances, seed=0):
    rng = torch.Generator().manual_seed(seed)
    values = {name: torch.rand(1, utterances, len(names), generator=rng) for name, names in NAMES.items()}
    for name in ("audio", "face"):
        values[name] = values[name] / values[name].sum(-1, keepdim=True)
    return values


def fused(features, present):
    speakers = torch.zeros(present.shape[:2], dtype=torch.long)
    with torch.no_grad():
        return LateFusion(NAMES)(features, present, speakers, present.any(-1)).softmax(-1)


def test_it_is_the_mean_of_what_the_heads_say():
    assert tuple(EKMAN) == LABELS
    features = drawn(7)
    present = torch.tensor([[[bool(number & bit) for bit in (1, 2, 4)] for number in range(1, 8)]])  # all subsets
    found = fused(features, present)
    for place in range(7):
        here = dict(zip(NAMES, present[0, place].tolist(), strict=True))
        said = {name: values[0, place].tolist() for name, values in features.items()}
        assert found[0, place].tolist() == pytest.approx(naive(said, here), abs=1e-5), here


def test_nothing_at_all_makes_all_equal():
    found = fused(drawn(1), torch.zeros(1, 1, 3, dtype=torch.bool))
    assert found[0, 0].tolist() == pytest.approx([1 / 7] * 7)


def test_missing_values_and_padding_change_nothing():
    features, present = drawn(4), torch.ones(1, 4, 3, dtype=torch.bool)
    present[0, 1, 0] = False
    whole = fused(features, present)
    noise = {name: values.clone() for name, values in features.items()}
    noise["audio"][0, 1] = 1000.0
    assert torch.equal(fused(noise, present), whole)
    cut = fused({name: values[:, :2] for name, values in features.items()}, present[:, :2])
    assert torch.allclose(cut, whole[:, :2])


def test_its_folder_is_read_back_and_damage_is_one_line(tmp_path):
    late.save(tmp_path / "classifier", NAMES)
    read = late.load(tmp_path / "classifier")
    assert read.labels == LABELS and read.settings["dims"] == {"audio": 4, "face": 7, "text": 28}
    assert torch.equal(read.module.means["text"], LateFusion(NAMES).means["text"]) and late.is_late(
        tmp_path / "classifier"
    )
    path = tmp_path / "classifier" / "settings.json"
    good = json.loads(path.read_text())
    for heads, said in [
        ({}, "not a late fusion"),
        ({"smell": ["joy"]}, "not a late fusion"),
        ({"text": [1]}, "no texts"),
        ({"text": ["LABEL_0"]}, "has a class 'LABEL_0'"),
    ]:
        path.write_text(json.dumps(good | {"heads": heads}))
        with pytest.raises(EmotionError, match=said):
            late.load(tmp_path / "classifier")
