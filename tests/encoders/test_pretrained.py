"""Checkpoints that cannot be used are one line that names the fix."""

import json
import pickle
import shutil

import pytest
import torch
from encoders import checkpoints
from encoders.planted import section
from transformers import AutoModel

from emotion.core.errors import EmotionError
from emotion.encoders import for_audio, for_face, for_text
from emotion.encoders.bodies import read_body
from emotion.encoders.settings import Audio, Face, Text

NEW = {
    "audio": lambda name: for_audio.new_encoder(section(Audio, encoder=name)),
    "face": lambda name: for_face.new_encoder(section(Face, encoder=name, frames=4), size=12),
    "text": lambda name: for_text.new_encoder(section(Text, encoder=name)),
}
KINDS = {"audio": checkpoints.AUDIO["hubert"], "face": checkpoints.FACE["vit"], "text": checkpoints.TEXT["roberta"]}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    torch.manual_seed(0)
    return {modality: make(tmp_path_factory.mktemp(modality)) for modality, make in KINDS.items()}


def use(modality, folder):
    NEW[modality](str(folder)).prepare([])


def edit(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


BREAKS = {
    "weights cut": (lambda p: (p / "model.safetensors").write_bytes(b"\x10" * 99), "cannot read its weights"),
    "no weights": (lambda p: (p / "model.safetensors").unlink(), "cannot read its weights.*folder must hold"),
    "no config": (lambda p: (p / "config.json").unlink(), "cannot read its config.json.*folder must hold"),
    "bad config": (lambda p: (p / "config.json").write_text("{"), "cannot read its config.json"),
    "other size": (lambda p: edit(p, intermediate_size=40), "do not fit its config.json: 9 tensors"),
    "more layers": (lambda p: edit(p, num_hidden_layers=4), "do not fit its config.json: 16 tensors"),
    "other family": (
        lambda p: edit(p, model_type="gpt2"),
        "'gpt2', which is not supported; near it are qwen2 .text.,",
    ),
    "folder": (shutil.rmtree, "there is no such folder"),
}


@pytest.mark.parametrize("what", BREAKS)
@pytest.mark.parametrize("modality", checkpoints.some(KINDS, "audio"))
def test_damaged_checkpoints(folders, tmp_path, modality, what):
    folder = tmp_path / "copy"
    shutil.copytree(folders[modality], folder)
    damage, message = BREAKS[what]
    damage(folder)
    with pytest.raises(EmotionError, match=f"^{modality} encoder .*{message}") as caught:
        use(modality, folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("modality", KINDS)
def test_a_checkpoint_of_the_wrong_modality(folders, modality):
    for other in set(KINDS) - {modality}:
        with pytest.raises(EmotionError, match=rf"which reads {other}, expected one of .*; name it as {other}.encoder"):
            use(modality, folders[other])


@pytest.mark.parametrize(
    ("modality", "pattern", "message"),
    [
        ("audio", "preprocessor*", r"cannot read its preprocessor_config.json .*hold config.json, preprocessor_config"),
        ("face", "preprocessor*", r"cannot read its preprocessor_config.json .*hold config.json, preprocessor_config"),
        ("text", "tokenizer*", r"5 tokens.* add the tokenizer files"),
    ],
)
def test_a_missing_tokenizer_or_processor(folders, tmp_path, modality, pattern, message):
    folder = tmp_path / "copy"
    shutil.copytree(folders[modality], folder)
    for path in folder.glob(pattern):
        path.unlink()
    with pytest.raises(EmotionError, match=message):
        use(modality, folder)


@pytest.mark.parametrize("modality", KINDS)
def test_hub_out_of_reach(modality):
    with pytest.raises(EmotionError, match=r"no-such-model: cannot read its config.json .*check the name and the netw"):
        use(modality, "no-such-model")


@pytest.mark.parametrize(("modality", "name"), [("audio", "scratch"), ("face", "scratch"), ("text", "paper")])
def test_our_own_encoder_of_another_modality(modality, name):
    with pytest.raises(EmotionError, match=f"{modality} encoder {name}: our own encoders are paper and egemaps for"):
        NEW[modality](name).prepare([])


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code of a checkpoint was run')",))


@pytest.mark.slow
@pytest.mark.parametrize("modality", checkpoints.some(KINDS, "text"))
def test_pickled_weights_are_read_without_running_code(folders, tmp_path, modality):
    folder = tmp_path / "copy"
    shutil.copytree(folders[modality], folder)
    weights = AutoModel.from_pretrained(folder).state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    use(modality, folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"a": Bomb()}, protocol=2))
    with pytest.raises(EmotionError, match="cannot read its weights"):
        use(modality, folder)
    torch.save({"a": Bomb()}, folder / "pytorch_model.bin")
    with pytest.raises(EmotionError, match="cannot read its weights"):
        use(modality, folder)


@pytest.mark.parametrize("modality", checkpoints.some(KINDS, "text"))
def test_half_precision_checkpoints_are_used_in_float32(folders, tmp_path, modality):
    AutoModel.from_pretrained(folders[modality]).half().save_pretrained(tmp_path / "half")
    shutil.copytree(
        folders[modality], tmp_path / "half", dirs_exist_ok=True, ignore=lambda *_: ["model.safetensors", "config.json"]
    )
    encoder = NEW[modality](str(tmp_path / "half"))
    encoder.prepare([])
    assert {value.dtype for value in encoder.parameters()} == {torch.float32}


@pytest.mark.slow
@pytest.mark.parametrize("modality", checkpoints.some(KINDS, "text"))
def test_a_fitted_folder_that_is_damaged(folders, tmp_path, modality):
    encoder = NEW[modality](str(folders[modality]))
    encoder.prepare([])
    encoder.save(tmp_path / "fitted")
    load = {"audio": for_audio, "face": for_face, "text": for_text}[modality].load_encoder
    load(tmp_path / "fitted")
    for number, path in enumerate(sorted((tmp_path / "fitted").rglob("*.json"))):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(tmp_path / "fitted", copy)
        (copy / path.relative_to(tmp_path / "fitted")).unlink()
        with pytest.raises(EmotionError):
            load(copy)
    (tmp_path / "fitted" / "settings.json").write_text(
        json.dumps({"modality": modality, "name": "pretrained", "settings": {"colour": 1}})
    )
    with pytest.raises(EmotionError, match=r"settings of another version .*fit the .* encoder again"):
        load(tmp_path / "fitted")


def test_weights_lie_where_those_of_a_module_lie_wherever_they_are_in_the_file(tmp_path):
    """Sums over what begins elsewhere are taken in another order, and have other last bits."""
    torch.manual_seed(0)
    folder = KINDS["text"](tmp_path)
    file = folder / "model.safetensors"
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length].rstrip() + b" "
    header += b" " * ((4 - 8 - len(header)) % 64)  # the values begin 4 bytes after a multiple of 64
    file.write_bytes(len(header).to_bytes(8, "little") + header + content[8 + length :])
    body = read_body(str(folder), "text")
    assert {weights.data_ptr() % 64 for weights in body.parameters()} == {0}
