import pytest
import torch
from encoders.planted import check_augment, check_batches, check_folder, learn, texts, word_groups

from emotion.core.errors import EmotionError
from emotion.encoders.text import TextEncoder, learn_tokenizer


def small(**options) -> TextEncoder:
    return TextEncoder(**{"dim": 11, "hidden": 16, "layers": 1, "heads": 2, "limit": 12} | options)


def prepared(**options) -> TextEncoder:
    torch.manual_seed(0)
    encoder = small(**options)
    encoder.prepare(texts(40)[0])
    return encoder.eval()


def naive(encoder: TextEncoder, text: str) -> torch.Tensor:
    """One text, no padding: mean of the body's last layer, then the linear layer."""
    ids = encoder.tokenizer(text)["input_ids"]
    hidden = encoder.body(input_ids=torch.tensor([ids])).last_hidden_state[0]
    mean = sum(hidden) / len(ids)
    return mean @ encoder.project.weight.T + encoder.project.bias


def test_equals_a_slow_reference():
    encoder = prepared()
    values = [*texts(5)[0], ""]
    with torch.no_grad():
        expected = torch.stack([naive(encoder, text) for text in values])
        torch.testing.assert_close(encoder(encoder.collate(values)), expected, atol=1e-5, rtol=1e-5)


def test_batches_change_nothing():
    check_batches(prepared(), [*texts(5)[0], "", "Ünknown ☂ bytes", "long " * 50])


def test_long_texts_are_cut_and_empty_ones_counted():
    encoder = prepared()
    assert encoder.cost("you " * 100) == 12
    assert encoder.cost("") == 2
    assert encoder.collate([""])["tokens"].tolist() == [[0, 2]]
    assert prepared(limit=5).cost("you " * 100) == 5


def test_tokenizer_knows_every_byte_and_is_deterministic():
    one, other = (learn_tokenizer(texts(40)[0], vocabulary=400, limit=50) for _ in range(2))
    line = "Good day, ☂ Ünknown!"
    assert one(line)["input_ids"] == other(line)["input_ids"]
    assert one.decode(one(line)["input_ids"], skip_special_tokens=True).strip() == line
    assert len(one("good")["input_ids"]) < len(one("doog")["input_ids"])  # a word it has seen is fewer tokens


def test_words_are_the_means_of_their_tokens():
    encoder = prepared(level="word")
    lines = ["good day, you", "I was there, today!", "", "  was  Ünknown ", "you " * 50]
    rows = encoder.sequences(encoder.collate(lines))
    for line, made in zip(lines, rows, strict=True):
        given = encoder.tokenizer(line, truncation=True, max_length=12, return_offsets_mapping=True)
        hidden = encoder.body(input_ids=torch.tensor([given["input_ids"]])).last_hidden_state[0]
        groups = word_groups(line, given["offset_mapping"][1:-1], hidden[1:-1])
        expected = torch.stack(groups or [hidden.mean(0)])
        torch.testing.assert_close(made, encoder.project(expected), atol=1e-5, rtol=1e-5)
    assert [len(made) for made in rows] == [3, 4, 1, 2, 10]
    one = encoder.sequences(encoder.collate(lines[:1]))[0]
    torch.testing.assert_close(one, rows[0], atol=1e-5, rtol=1e-5)


def test_one_row_per_utterance():
    encoder = prepared()
    batch = encoder.collate(texts(3)[0])
    with torch.no_grad():
        rows, expected = encoder.sequences(batch), encoder(batch)
    assert [row.shape for row in rows] == [(1, 11)] * 3
    assert torch.equal(torch.cat(rows), expected)


def test_options_that_do_not_go_together():
    with pytest.raises(EmotionError, match=r"text.pooling is cls, expected mean, the only one for text.level: word"):
        small(level="word", pooling="cls")
    with pytest.raises(EmotionError, match=r"text.level is 'letter', expected one of utterance, word"):
        small(level="letter")
    with pytest.raises(EmotionError, match=r"text.pooling is 'max', expected one of mean, mean_std, cls"):
        small(pooling="max")
    assert (prepared(dim=0).dim, prepared(dim=0, pooling="mean_std").dim) == (16, 32)


def test_folder(tmp_path):
    check_folder(prepared(), texts(3)[0], tmp_path)


@pytest.mark.slow
def test_learns_a_planted_truth_and_twice_the_same():
    encoder, history = learn(small, texts, epochs=8)
    assert max(line.validation_weighted_f1 for line in history) > 0.9
    again, other = learn(small, texts, epochs=8)
    assert history == other
    assert all(
        torch.equal(a, b) for a, b in zip(encoder.state_dict().values(), again.state_dict().values(), strict=True)
    )


def test_augment_hides_words_only():
    encoder = prepared(masked=0.5)
    values = texts(6)[0]
    check_augment(encoder, values)
    batch = encoder.collate(values)
    made = encoder.augment(batch, torch.Generator().manual_seed(0))["tokens"]
    changed = made != batch["tokens"]
    assert (made[changed] == encoder.tokenizer.mask_token_id).all()
    assert not changed[:, 0].any()
    assert not changed[~batch["mask"]].any()


def test_not_fitted_yet():
    with pytest.raises(EmotionError, match="no body and no tokenizer yet: fit it"):
        small().collate(["hello"])


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_a_fitted_folder_without_its_tokenizer_is_refused(tmp_path, name):
    prepared().save(tmp_path / "text")
    (found,) = (tmp_path / "text").rglob(name)
    found.unlink()
    with pytest.raises(EmotionError, match="tokenizer"):
        TextEncoder.load(tmp_path / "text")
