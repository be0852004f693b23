import pytest
import torch
from encoders import checkpoints
from encoders.planted import check_augment, check_batches, check_folder, learn, section, texts, vectors, word_groups
from transformers import AutoModel, AutoTokenizer

from emotion.core.errors import EmotionError
from emotion.encoders.for_text import load_encoder, new_encoder
from emotion.encoders.settings import Text
from emotion.encoders.text import TextEncoder

LINES = ["I was there", "good day", "bad today with you I", "", "you " * 40, "Ünknown ☂ x"]


def make(name, factory):
    torch.manual_seed(0)
    return checkpoints.TEXT[name](factory.mktemp(name))


@pytest.fixture(scope="module", params=checkpoints.some(checkpoints.TEXT, "roberta", "bert"))
def checkpoint(request, tmp_path_factory):
    return make(request.param, tmp_path_factory)


@pytest.fixture(scope="module", params=checkpoints.TEXT)
def every(request, tmp_path_factory):
    return make(request.param, tmp_path_factory)


def made(folder, **options):
    torch.manual_seed(1)
    encoder = new_encoder(section(Text, encoder=str(folder), **{"tune": False, "dim": 0} | options))
    encoder.prepare([])
    return encoder.eval()


def naive(folder, line, layers):
    """The bare model on one text: (tokens, d)."""
    model = checkpoints.bare(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    line = line or ("" if tokenizer("")["input_ids"] else tokenizer.pad_token)  # a decoder needs a token
    given = tokenizer(line, truncation=True, max_length=20, return_tensors="pt")
    output = model(input_ids=given["input_ids"], output_hidden_states=True)
    return {"last": output.last_hidden_state[0], 1: output.hidden_states[1][0]}.get(
        layers, sum(output.hidden_states[-4:])[0] / 4
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layers", "pooling"),
    [("last4", "mean_std"), *checkpoints.full(("last", "mean"), ("last", "cls"), (1, "mean"))],
)
def test_equals_the_bare_model_one_text_at_a_time(every, layers, pooling):
    decoder = checkpoints.bare(every).config.model_type in ("qwen2", "qwen3")
    if pooling == "cls" and decoder:
        with pytest.raises(EmotionError, match=r"cls, but qwen\d has no such token; expected mean or mean_std or last"):
            made(every, pooling=pooling)
        pooling = "last"
    encoder = made(every, layers=layers, pooling=pooling)
    expected = []
    with torch.no_grad():
        for line in LINES:
            tokens = naive(every, line, layers)
            parts = [{"cls": tokens[0], "last": tokens[-1]}.get(pooling, tokens.mean(0))]
            parts += [tokens.std(0, correction=0)] if pooling == "mean_std" else []
            expected.append(torch.cat(parts))
    torch.testing.assert_close(vectors(encoder, LINES), torch.stack(expected), atol=1e-5, rtol=1e-5)


@pytest.mark.slow
def test_words_are_the_means_of_their_tokens(checkpoint):
    encoder = made(checkpoint, level="word", dim=5)
    for line, row in zip(LINES, encoder.sequences(encoder.collate(LINES)), strict=True):
        hidden = naive(checkpoint, line, "last")
        tokenizer = AutoTokenizer.from_pretrained(checkpoint)
        given = tokenizer(line, truncation=True, max_length=20, return_offsets_mapping=True)
        ends = slice(1, -1) if tokenizer("")["input_ids"] else slice(None)
        groups = word_groups(line, given["offset_mapping"][ends], hidden[ends])
        expected = encoder.project(torch.stack(groups or [hidden.mean(0)]))
        torch.testing.assert_close(row, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.slow
def test_batches_change_nothing(checkpoint):
    check_batches(made(checkpoint, pooling="mean_std", dim=7), LINES)


def test_long_texts_are_cut(checkpoint):
    encoder = made(checkpoint)
    assert encoder.cost("you " * 100) == encoder.collate(["you " * 100])["tokens"].shape[1] == 20


@pytest.mark.slow
def test_folder_without_the_checkpoint(checkpoint, tmp_path):
    encoder = made(checkpoint, dim=5)
    encoder.encoder = "gone"
    check_folder(encoder, LINES, tmp_path)
    loaded = load_encoder(tmp_path / "one")
    assert torch.equal(vectors(loaded, LINES), vectors(encoder, LINES))


@pytest.mark.slow
@pytest.mark.parametrize("tune", [False, True])
def test_frozen_and_fine_tuned(checkpoint, tune):
    settings = section(Text, encoder=str(checkpoint), tune=tune, dim=6)
    encoder, _ = learn(lambda: new_encoder(settings), texts, epochs=1, count=12)
    before = AutoModel.from_pretrained(checkpoint).state_dict()
    after = encoder.body.state_dict()
    assert any(not torch.equal(value, before[name]) for name, value in after.items()) == tune


@pytest.mark.slow
def test_augment_hides_words_only(checkpoint):
    encoder = made(checkpoint, tune=True)
    encoder.masked = 0.5
    if encoder.tokenizer.mask_token is None:  # of decoders there is nothing to hide a word behind
        batch = encoder.collate(texts(6)[0])
        assert encoder.augment(batch, torch.Generator()) is batch
        return
    check_augment(encoder, texts(6)[0])


def test_scratch_or_checkpoint(tmp_path):
    encoder = new_encoder(Text())
    assert isinstance(encoder, TextEncoder) and encoder.dim == 300
    encoder.prepare(texts(40)[0])
    encoder.save(tmp_path)
    assert type(load_encoder(tmp_path)) is TextEncoder


@pytest.mark.parametrize("layers", [4, -1, "first"])
def test_impossible_layers(checkpoint, layers):
    message = rf"text.layers is {layers}, but .* has 3 layers; expected last, last4, all or a"
    with pytest.raises(EmotionError, match=message):
        made(checkpoint, layers=layers)
