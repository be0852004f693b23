import json
import shutil

import pytest
import torch
from encoders.planted import check_augment, check_batches, check_folder, learn, texts
from transformers import RobertaConfig, RobertaModel

from emotion.encoders.text import TextEncoder
from emotion.encoders.tokenizer import learn_tokenizer
from emotion.errors import EmotionError


def small(**options) -> TextEncoder:
    return TextEncoder(**{"dim": 11, "hidden": 16, "layers": 1, "heads": 2, "limit": 12} | options)


def prepared(**options) -> TextEncoder:
    torch.manual_seed(0)
    encoder = small(**options)
    encoder.prepare(texts(40)[0])
    return encoder.eval()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A tiny RoBERTa with random weights, as a user's folder."""
    folder = tmp_path_factory.mktemp("checkpoint")
    tokenizer = learn_tokenizer(texts(40)[0], vocabulary=300, limit=20)
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=22,
    )
    RobertaModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


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


def test_folder(tmp_path):
    check_folder(prepared(), texts(3)[0], tmp_path)


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


def test_checkpoint_by_folder(checkpoint, tmp_path):
    encoder = small(encoder=str(checkpoint))
    encoder.prepare([])
    values = [*texts(4)[0], "you " * 100]
    body = RobertaModel.from_pretrained(checkpoint).eval()
    batch = encoder.eval().collate(values[:1])
    with torch.no_grad():
        hidden = body(input_ids=batch["tokens"]).last_hidden_state
        torch.testing.assert_close(encoder(batch), encoder.project(hidden.mean(1)))
    assert batch["tokens"].shape[1] <= 20
    assert encoder.cost(values[-1]) == 20
    check_batches(encoder, values)
    moved = tmp_path / "gone"
    encoder.encoder = str(moved)  # a fitted encoder needs its checkpoint no more
    check_folder(encoder, values, tmp_path)


@pytest.mark.parametrize(("rate", "moves"), [(0.0, False), (0.5, True)])
def test_frozen_and_fine_tuned(checkpoint, rate, moves):
    encoder, _ = learn(lambda: small(encoder=str(checkpoint), body_rate=rate), texts, epochs=1)
    before = RobertaModel.from_pretrained(checkpoint).state_dict()
    after = encoder.body.state_dict()
    assert any(not torch.equal(value, before[name]) for name, value in after.items()) == moves


def edit(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


BREAKS = {
    "tokenizer": (lambda p: [f.unlink() for f in p.glob("tokenizer*")], "5 tokens.* add the tokenizer files"),
    "weights cut": (lambda p: (p / "model.safetensors").write_bytes(b"\x10" * 99), "cannot read its weights"),
    "no weights": (lambda p: (p / "model.safetensors").unlink(), "cannot read its weights.*folder must hold"),
    "no config": (lambda p: (p / "config.json").unlink(), "cannot read its config.json.*folder must hold"),
    "bad config": (lambda p: (p / "config.json").write_text("{"), "cannot read its config.json"),
    "other family": (lambda p: edit(p, model_type="bert"), "architecture is 'bert', expected one of roberta"),
    "other size": (lambda p: edit(p, intermediate_size=40), "do not fit its config.json: 6 tensors"),
    "more layers": (lambda p: edit(p, num_hidden_layers=3), "do not fit its config.json: 16 tensors"),
    "folder": (shutil.rmtree, "there is no such folder"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_unusable_checkpoints(checkpoint, tmp_path, what):
    folder = tmp_path / "copy"
    shutil.copytree(checkpoint, folder)
    damage, message = BREAKS[what]
    damage(folder)
    with pytest.raises(EmotionError, match=message) as caught:
        small(encoder=str(folder)).prepare([])
    assert "\n" not in str(caught.value)


def test_hub_out_of_reach():
    with pytest.raises(
        EmotionError, match=r"no-such-model: cannot read its config.json .*check the name and the network"
    ):
        small(encoder="no-such-model").prepare([])


def test_not_fitted_yet():
    with pytest.raises(EmotionError, match="no tokenizer yet: fit it"):
        small().collate(["hello"])


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_a_fitted_folder_without_its_tokenizer_is_refused(tmp_path, name):
    prepared().save(tmp_path / "text")
    (found,) = (tmp_path / "text").rglob(name)
    found.unlink()
    with pytest.raises(EmotionError, match="tokenizer"):
        TextEncoder.load(tmp_path / "text")
