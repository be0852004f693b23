from dataclasses import replace

import numpy as np
import pytest
import torch
from planted_study import plant

from emotion.corpus.utterance import read_index
from emotion.fusion import dataset
from emotion.fusion.sequences import Words
from emotion.study.missing import SHARES, conditions
from emotion.study.run import hidden


def test_subsets_and_rising_shares():
    found = conditions(["audio", "face", "text"], 2000)
    present = [item for item in found if item.kind == "present"]
    names = ["audio", "face", "text", "audio+face", "audio+text", "face+text", "audio+face+text"]
    assert [item.modalities for item in present] == names
    for item in present:
        kept = [name in item.modalities for name in ("audio", "face", "text")]
        assert (item.keep == kept).all()
    for place, name in enumerate(["audio", "face", "text", "any"]):
        lines = [item for item in found if item.kind == "missing" and item.modalities == name]
        assert [item.share for item in lines] == list(SHARES) == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
        before = np.ones((2000, 3), dtype=bool)
        for item in lines:
            lost = ~item.keep
            assert not (before < item.keep).any()  # what is lost stays lost
            assert lost.sum(1).max() <= 1
            assert lost.any(1).mean() == pytest.approx(item.share, abs=0.04)
            if name != "any":
                assert not np.delete(lost, place, axis=1).any()
            else:
                assert (lost.mean(0) > item.share / 4).all() or item.share == 0
            before = item.keep


def test_the_same_utterances_in_every_run():
    for one, other in zip(conditions(["audio", "text"], 50), conditions(["audio", "text"], 50), strict=True):
        assert np.array_equal(one.keep, other.keep)


def test_hidden_features_are_gone(tmp_path):
    folder = plant(tmp_path)
    paths = {name: folder / "features" / f"{name}.h5" for name in ("audio", "text")}
    part = dataset.load(read_index(folder / "index.csv"), paths, history="all", future="all")["test"]
    n = len(part.utterances)
    part = replace(part, words={"text": Words(torch.ones(n, 2), torch.arange(n), torch.ones(n, dtype=torch.long))})
    keep = torch.ones(n, 2, dtype=torch.bool)
    keep[3, 1] = keep[4, 0] = False
    found = hidden(part, keep)
    assert not found.features["text"][3].any()
    assert not found.features["audio"][4].any()
    assert torch.equal(found.features["text"][4], part.features["text"][4])
    assert torch.equal(found.present, keep)
    assert found.words["text"].count.tolist() == [int(i != 3) for i in range(n)]
    assert torch.equal(part.present, torch.ones(n, 2, dtype=torch.bool))
