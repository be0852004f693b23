"""Checkpoint folders that are damaged, or made to do harm: one line each, within moments."""

import json
import os
import pickle
import shutil
import struct
import time

import numpy as np
import pytest
import torch
from encoders import checkpoints
from encoders.planted import section
from safetensors.torch import load_file, save_file

from emotion.core.errors import EmotionError
from emotion.encoders import for_audio, for_face, for_text
from emotion.encoders.settings import Audio, Face, Text

KINDS = {"text": checkpoints.TEXT["roberta"], "audio": checkpoints.AUDIO["wav2vec2"], "face": checkpoints.FACE["vit"]}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: make(tmp_path_factory.mktemp(kind)) for kind, make in KINDS.items()}


def prepare(folder, modality):
    if modality == "text":
        encoder = for_text.new_encoder(section(Text, encoder=str(folder), tune=False, dim=0))
    elif modality == "audio":
        encoder = for_audio.new_encoder(section(Audio, encoder=str(folder)))
    else:
        encoder = for_face.new_encoder(section(Face, encoder=str(folder), frames=8), size=48)
    encoder.prepare([])


def settings(name, **values):
    def damage(folder):
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return damage


def content(name, data):
    return lambda folder: (folder / name).write_bytes(data)


def index(names, *, shard=""):
    def damage(folder):
        (folder / "model.safetensors").rename(folder / (shard or "gone"))
        text = json.dumps({"metadata": {}, "weight_map": names})
        (folder / "model.safetensors.index.json").write_text(text)

    return damage


def header(change, *, size=None):
    def damage(folder):
        path = folder / "model.safetensors"
        data = path.read_bytes()
        end = 8 + struct.unpack("<Q", data[:8])[0]
        head = json.loads(data[8:end])
        change(head, next(name for name in head if name != "__metadata__"))
        text = json.dumps(head).encode()
        path.write_bytes(struct.pack("<Q", size or len(text)) + text + data[end:])

    return damage


def tokenizer(**values):
    return settings("tokenizer.json", **values)


def regex(pattern):
    step = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return tokenizer(pre_tokenizer=step)


class Harm:
    def __reduce__(self):
        return os.mkdir, ("harm",)


def pickled(value):
    def damage(folder):
        (folder / "model.safetensors").unlink()
        if isinstance(value, bytes):
            (folder / "pytorch_model.bin").write_bytes(value)
        else:
            torch.save(value, folder / "pytorch_model.bin")

    return damage


def not_finite(folder):
    path = folder / "model.safetensors"
    tensors = load_file(path)
    name = next(name for name in tensors if "key.weight" in name or "k_proj.weight" in name)
    save_file(tensors | {name: torch.full_like(tensors[name], np.nan)}, path, metadata={"format": "pt"})


DAMAGE = {
    "a million layers": (settings("config.json", num_hidden_layers=10**6), "num_hidden_layers is 1000000"),
    "more layers than weights": (settings("config.json", num_hidden_layers=300), "its config.json"),
    "wider than its weights": (settings("config.json", hidden_size=2**20), "config.json"),
    "a billion": (settings("config.json", hidden_size=10**9), "hidden_size is 1000000000"),
    "negative": (settings("config.json", hidden_size=-24), "encoder"),
    "null": (settings("config.json", num_attention_heads=None, hidden_size=None), "config.json"),
    "architecture is a list": (settings("config.json", model_type=["bert"]), "config.json"),
    "quantised": (settings("config.json", quantization_config={"quant_method": "gptq"}), "quantised"),
    "kernels from elsewhere": (settings("config.json", attn_implementation="org/kernel"), "attn_implementation"),
    "config is a list": (content("config.json", b"[1, 2]"), "expected a JSON object"),
    "config is deep": (content("config.json", b'{"a":' * 10**5), "no JSON"),
    "config is large": (content("config.json", b" " * (9 << 20)), "larger than"),
    "no shards": (index({}), "weight_map names no file"),
    "shards are a list": (index(["a"]), "weight_map names no file"),
    "shard elsewhere": (index({"a": "../model.safetensors"}, shard="s"), "lies elsewhere"),
    "shard with a root": (index({"a": "/etc/passwd"}, shard="s"), "lies elsewhere"),
    "shard is missing": (index({"a": "x.safetensors"}), "x.safetensors: not found"),
    "shard is no name": (index({"a": None}), "encoder"),
    "header of many bytes": (header(lambda head, name: None, size=2**60), "header would have"),
    "whole numbers": (header(lambda head, name: head[name].update(dtype="I32")), "I32, expected floats"),
    "shape of another size": (header(lambda head, name: head[name].update(shape=[10**9, 10**9])), "weights"),
    "tensors that overlap": (header(lambda head, name: head[name].update(data_offsets=[0, 4])), "weights"),
    "not finite": (not_finite, "not finite"),
    "harm in a pickle": (pickled(pickle.dumps(Harm())), "never run"),
    "harm in torch's file": (pickled({"a": Harm()}), "never run"),
    "empty pickle": (pickled(b""), "weights"),
    "no dictionary": (pickled([1, 2]), "weights"),
}
OF_TEXT = {
    "tokenizer is large": (content("tokenizer.json", b" " * (65 << 20)), "larger than 64 MiB"),
    "tokenizer is a list": (content("tokenizer.json", b"[]"), "not a tokenizer that works"),
    "regex without end": (regex("(a+)+$"), "not a tokenizer that works"),
    "regex that is deep": (regex("(?:" * 5000 + "a" + ")" * 5000), "not a tokenizer that works"),
    "no vocabulary": (tokenizer(model={"type": "BPE", "vocab": {}, "merges": []}), "tokenizer"),
    "settings are deep": (content("tokenizer_config.json", b'{"a":' * 10**5), "no JSON"),
    "length below 1": (settings("tokenizer_config.json", model_max_length=-5), "texts of at most -5"),
}
OF_AUDIO = {
    "no rate": (settings("preprocessor_config.json", sampling_rate=None), "sampling_rate"),
    "rate of a billion": (settings("preprocessor_config.json", sampling_rate=10**9), "sampling_rate"),
    "many convolutions": (settings("config.json", conv_dim=[8] * 5000), "has 5000 values"),
}
OF_FACE = {
    "patches without end": (settings("config.json", image_size=10**6, patch_size=1), "patches of a clip"),
    "mean is text": (settings("preprocessor_config.json", image_mean="x"), "preprocessor_config.json"),
}
CASES = [
    *(("text", name, *case) for name, case in (DAMAGE | OF_TEXT).items()),
    *(("audio", name, *case) for name, case in OF_AUDIO.items()),
    *(("face", name, *case) for name, case in OF_FACE.items()),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("modality", "damage", "what"), [(m, d, w) for m, _, d, w in CASES], ids=[n for _, n, *_ in CASES]
)
def test_one_line_within_moments(folders, tmp_path, monkeypatch, capfd, modality, damage, what):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "checkpoint"
    shutil.copytree(folders[modality], folder)
    damage(folder)
    start = time.process_time()
    with pytest.raises(EmotionError, match=what) as caught:
        prepare(folder, modality)
    assert time.process_time() - start < 10
    line = str(caught.value)
    assert "\n" not in line and len(line) < 700 and "checkpoint" in line
    assert not (tmp_path / "harm").exists()
    assert "Warning" not in capfd.readouterr().err


@pytest.mark.parametrize("modality", KINDS)
def test_whole_ones_are_taken(folders, modality):
    prepare(folders[modality], modality)
