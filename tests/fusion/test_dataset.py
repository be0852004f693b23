import numpy as np
import planted_corpus
import pytest
import torch
from planted_corpus import DIMS, plant

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.fusion import dataset


def load(planted, *, history=2, future=1, features=None):
    return dataset.load(read_index(planted.index), features or planted.features, history=history, future=future)


@pytest.mark.parametrize(("history", "future"), [(0, 0), (2, 0), (10, 0), (2, 1), (0, 3), (100, 100)])
def test_windows_are_equation_1(tmp_path, history, future):
    planted = plant(tmp_path)
    for split, found in load(planted, history=history, future=future).items():
        rows = [row for row in planted.utterances if row.split == split]
        assert list(found.utterances) == [row if split != "test" else found.utterances[i] for i, row in enumerate(rows)]
        assert len(found) == len(rows)
        for t, row in enumerate(rows):
            expected = [
                i
                for i, other in enumerate(rows)
                if other.dialogue == row.dialogue and -history <= (other.turn - row.turn) // 2 <= future
            ]
            window = found.windows[t].tolist()
            assert window == expected + [-1] * (len(window) - len(expected))
            assert found.target[t].nonzero().squeeze(1).tolist() == [expected.index(t)]
            assert found.lengths[t] == len(expected)


def test_whole_dialogues(tmp_path):
    planted = plant(tmp_path)
    found = load(planted, history="all", future="all")
    assert found["train"].lengths.tolist() == [5, 3, 2, 7]
    assert found["validation"].lengths.tolist() == [4, 5]
    for split in found.values():
        assert torch.equal(split.target, split.windows >= 0)
        assert split.windows[split.target].tolist() == list(range(len(split.utterances)))
        for window in split.windows:
            assert len({split.utterances[row].dialogue for row in window[window >= 0].tolist()}) == 1


def test_rows_out_of_order_are_put_in_turn_order(tmp_path):
    index = read_index(plant(tmp_path).index)
    order = np.random.default_rng(0).permutation(len(index.utterances))
    mixed = tuple(index.utterances[i] for i in order)
    windows, _ = dataset._windows(mixed, history="all", future="all")
    for window in windows:
        turns = [mixed[row].turn for row in window[window >= 0].tolist()]
        assert turns == sorted(turns)


def test_standardised_with_the_training_rows(tmp_path):
    planted = plant(tmp_path)
    found = load(planted)
    train = np.array([row.split == "train" for row in planted.utterances])
    for m, name in enumerate(DIMS):
        known = planted.values[name][train & planted.present[name]].astype(np.float64)
        for split, part in found.items():
            rows = np.array([row.split == split for row in planted.utterances])
            here = planted.present[name][rows]
            expected = (planted.values[name][rows] - known.mean(0)) / known.std(0) * here[:, None]
            np.testing.assert_allclose(part.features[name].numpy(), expected, atol=1e-5)
            assert part.present[:, m].tolist() == here.tolist()
            assert not part.features[name][~part.present[:, m]].any()
    assert not all(part.present.all() for part in found.values())


@pytest.mark.slow
def test_other_splits_cannot_change_the_training_features(tmp_path):
    before = load(plant(tmp_path))
    planted = plant(tmp_path)
    values = planted.values["text"].copy()
    rest = np.array([row.split != "train" for row in planted.utterances])
    values[rest] = 1e6 * np.random.default_rng(1).normal(size=values[rest].shape)
    digest = read_index(planted.index).digest
    planted_corpus.write_cache(
        planted.features["text"], planted.utterances, values, planted.present["text"] | rest, digest=digest
    )
    after = load(planted)
    assert torch.equal(before["train"].features["text"], after["train"].features["text"])
    assert torch.equal(before["train"].scaling["text"].std, after["train"].scaling["text"].std)
    assert not torch.equal(before["test"].features["text"], after["test"].features["text"])


def test_constant_features_and_a_modality_that_is_nowhere(tmp_path):
    planted = plant(tmp_path)
    digest = read_index(planted.index).digest
    values = planted.values["text"].copy()
    values[:, 2] = 1234.567
    nowhere = np.zeros(len(values), dtype=bool)
    planted_corpus.write_cache(planted.features["text"], planted.utterances, values, ~nowhere, digest=digest)
    planted_corpus.write_cache(
        planted.features["audio"], planted.utterances, planted.values["audio"], nowhere, digest=digest
    )
    found = load(planted)
    assert found["test"].features["text"][:, 2].abs().max() < 1e-3
    assert all(part.features["text"].isfinite().all() for part in found.values())
    assert not found["train"].features["audio"].any()
    assert not found["train"].present[:, 0].any()


def test_labels_and_speakers(tmp_path):
    planted = plant(tmp_path)
    found = load(planted)
    assert (found["test"].labels == -1).all()
    train = [row for row in planted.utterances if row.split == "train"]
    assert found["train"].labels.tolist() == [planted_corpus.LABELS.index(row.label) for row in train]
    people = {}
    for part in found.values():
        for row, number in zip(part.utterances, part.speakers.tolist(), strict=True):
            assert people.setdefault(row.speaker, number) == number
    assert len(set(people.values())) == len(people)


def test_a_batch_gathers_what_the_windows_say(tmp_path):
    part = load(plant(tmp_path), history=2, future=1)["train"]
    which = torch.tensor([0, 9, 4])
    batch = part.batch(which)
    assert batch.mask.shape[1] == part.lengths[which].max()
    for i, sequence in enumerate(which.tolist()):
        for place in range(batch.mask.shape[1]):
            row = int(part.windows[sequence, place])
            assert bool(batch.mask[i, place]) == (row >= 0)
            for name, values in part.features.items():
                expected = values[row] if row >= 0 else torch.zeros(DIMS[name])
                assert torch.equal(batch.features[name][i, place], expected)
            assert batch.present[i, place].tolist() == (part.present[row].tolist() if row >= 0 else [False, False])
            assert int(batch.labels[i, place]) == (int(part.labels[row]) if row >= 0 else -1)
            if row >= 0:
                assert int(batch.speakers[i, place]) == int(part.speakers[row])
                assert int(batch.rows[i, place]) == row
            assert bool(batch.target[i, place]) == bool(part.target[sequence, place])


def test_a_cache_of_another_index_is_refused(tmp_path):
    planted = plant(tmp_path)
    full = planted.present["text"] | True
    planted_corpus.write_cache(
        planted.features["text"], planted.utterances, planted.values["text"], full, digest="0" * 64
    )
    with pytest.raises(EmotionError, match=r"text\.h5: made for another index .*dvc repro -s extract@text"):
        load(planted)


def test_a_cache_without_some_utterances_is_refused(tmp_path):
    planted = plant(tmp_path)
    digest = read_index(planted.index).digest
    rows, values = planted.utterances[:-1], planted.values["text"][:-1]
    planted_corpus.write_cache(planted.features["text"], rows, values, np.ones(len(rows), dtype=bool), digest=digest)
    with pytest.raises(EmotionError, match=r"text\.h5: .*d07_u00.*extract@text"):
        load(planted)


def plant_words(folder):
    """The text word by word: one to five words per utterance; returns them as well."""
    planted = plant(folder)
    index = read_index(planted.index)
    rng = np.random.default_rng(4)
    words = [rng.normal(size=(rng.integers(1, 6), 6)).astype(np.float32) + 3 for _ in planted.utterances]
    here = planted.present["text"]
    planted_corpus.write_words(planted.features["text"], planted.utterances, words, here, digest=index.digest)
    return planted, words


def test_words_give_a_mean_and_the_words_themselves(tmp_path):
    planted, words = plant_words(tmp_path)
    here = planted.present["text"]
    train = [i for i, row in enumerate(planted.utterances) if row.split == "train" and here[i]]
    known = np.concatenate([words[i] for i in train]).astype(np.float64)
    means = np.stack([word.mean(0) for word in words])
    for split, part in load(planted, history="all", future="all").items():
        rows = [i for i, row in enumerate(planted.utterances) if row.split == split]
        expected = (means[rows] - means[train].mean(0)) / means[train].std(0) * here[rows][:, None]
        np.testing.assert_allclose(part.features["text"].numpy(), expected, atol=1e-5)
        assert "audio" not in part.words
        batch = part.batch(torch.arange(len(part)), words=("text",))
        for place in batch.mask.nonzero().tolist():
            row = rows[int(batch.rows[tuple(place)])]
            count = int(batch.features["text/count"][tuple(place)])
            assert count == (len(words[row]) if here[row] else 0)
            found = batch.features["text/words"][tuple(place)].numpy()
            scaled = (words[row][:count] - known.mean(0)) / known.std(0)
            np.testing.assert_allclose(found[:count], scaled, atol=1e-5)
            assert not found[count:].any()
        assert set(part.batch(torch.arange(len(part))).features) == {"audio", "text"}


@pytest.mark.slow
def test_a_classifier_of_words_gets_them_where_all_say_one_word_or_none(tmp_path):
    (tmp_path / "a").mkdir()
    planted, _ = plant_words(tmp_path / "a")
    scaling = load(planted)["train"].scaling
    single = plant(tmp_path)
    index = read_index(single.index)
    for here in (single.present["text"], np.zeros_like(single.present["text"])):
        planted_corpus.write_cache(
            single.features["text"], single.utterances, single.values["text"], here, digest=index.digest
        )
        part = dataset.load(index, single.features, history=2, future=1, scaling=scaling)["test"]
        batch = part.batch(torch.arange(len(part)), words=("text",))
        there = batch.present[..., list(part.features).index("text")]
        assert torch.equal(batch.features["text/count"][batch.mask] > 0, there[batch.mask])
        assert batch.features["text/words"].shape[2] == 1 and "text/words" in part.scaling


@pytest.mark.slow
def test_groups_hold_sequences_of_like_length(tmp_path):
    planted = plant(tmp_path, lengths=(60, 58, 3, 3, 57, 30, 3, 3, 25, 56, 2, 1, 4, 55))
    train = load(planted, history="all", future="all")["train"]
    which = torch.arange(len(train)).flip(0)
    groups = train.groups(which)
    assert sorted(torch.cat(groups).tolist()) == sorted(which.tolist())
    assert [train.lengths[group].tolist() for group in groups] == [[60, 58, 57, 56, 55], [30, 25, 4]]
    planted = plant(tmp_path / "more", lengths=(60, 58, 1, 1, 57, 56, 1, 1, *[40] * 16))
    train = load(planted, history="all", future="all")["train"]
    groups = train.groups(torch.arange(len(train)))
    assert [train.lengths[group].tolist() for group in groups] == [[40] * 8, [60, 58, 57, 56]]  # most work first
    windows = load(planted, history=10, future=0)["train"]  # all short: one group
    assert len(windows.groups(torch.arange(32))) == 1


def test_arrays_instead_of_vectors_are_refused(tmp_path):
    planted = plant(tmp_path)
    values = planted.values["text"][:, None, :]
    digest = read_index(planted.index).digest
    planted_corpus.write_cache(
        planted.features["text"], planted.utterances, values, planted.present["text"], digest=digest
    )
    with pytest.raises(EmotionError, match=r"text\.h5: holds arrays \(1, 6\), expected one vector"):
        load(planted)


@pytest.mark.parametrize(
    ("history", "future", "message"),
    [
        (-1, 0, "history is -1, expected a whole number >= 0 or the word all"),
        (2, 1.5, "future is 1.5"),
        ("whole", 0, "history is 'whole'"),
        (True, 0, "history is True"),
        ("all", 0, "for both or for neither"),
        (3, "all", "for both or for neither"),
    ],
)
def test_impossible_contexts_are_refused(tmp_path, history, future, message):
    with pytest.raises(EmotionError, match=message):
        load(plant(tmp_path), history=history, future=future)


def test_no_modality_and_no_training_utterances_are_refused(tmp_path):
    planted = plant(tmp_path)
    with pytest.raises(EmotionError, match="no modality"):
        dataset.load(read_index(planted.index), {}, history=1, future=0)
    text = planted.index.read_text().replace(",train,", ",test,")
    planted.index.write_text(text)
    with pytest.raises(EmotionError, match="planted has no training utterances"):
        load(planted)
