"""The encoder of Whisper tiny.en as a transformers folder, out of the file that CTranslate2 keeps it in."""

import struct
from pathlib import Path

import numpy as np
import torch
import transformers as hf
from safetensors.torch import save_file

_KINDS = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
_PARTS = {  # CTranslate2 -> transformers
    "self_attention/linear_1": "self_attn.out_proj",
    "self_attention/layer_norm": "self_attn_layer_norm",
    "ffn/linear_0": "fc1",
    "ffn/linear_1": "fc2",
    "ffn/layer_norm": "final_layer_norm",
}
_ENDS = {"weight": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}


def variables(path: Path) -> dict[str, np.ndarray]:
    """Everything in a model.bin: version, kind, revision, count; then name, shape, type and bytes of each."""
    data, place, found = path.read_bytes(), 0, {}

    def take(kind):
        nonlocal place
        (value,) = struct.unpack_from(f"<{kind}", data, place)
        place += struct.calcsize(f"<{kind}")
        return value

    def text():
        nonlocal place
        length = take("H")  # with the zero at its end
        place += length
        return data[place - length : place - 1].decode()

    assert (take("I"), text(), take("I")) == (6, "WhisperSpec", 3)
    for _ in range(take("I")):
        name, shape = text(), [take("I") for _ in range(take("B"))]
        kind, size = _KINDS[take("B")], take("I")
        found[name] = np.frombuffer(data, kind, size // np.dtype(kind).itemsize, place).reshape(shape)
        place += size
    return found


def write_folder(source: Path, folder: Path) -> Path:
    """A checkpoint's folder with the encoder alone; queries, keys and values lie one below the other in the source."""
    config = hf.WhisperConfig(d_model=384, encoder_layers=4, encoder_attention_heads=6, encoder_ffn_dim=1536)
    weights = {}
    for name, value in variables(source).items():
        if not name.startswith("encoder/") or value.ndim == 0:
            continue
        path, _, end = name.removeprefix("encoder/").rpartition("/")
        tensor = torch.from_numpy(value.astype(np.float32))
        layer, _, part = path.partition("/")
        where = f"model.encoder.layers.{layer.removeprefix('layer_')}." if part else "model.encoder."
        if part == "self_attention/linear_0":
            for letter, third in zip("qkv", tensor.chunk(3), strict=True):
                if (letter, end) == ("k", "bias"):
                    assert not third.any()  # Whisper's keys have none
                else:
                    weights[f"{where}self_attn.{letter}_proj.{end}"] = third.clone()
        elif path == "position_encodings":
            weights[f"{where}embed_positions.weight"] = tensor
        else:
            weights[f"{where}{_PARTS.get(part, path)}.{_ENDS[end]}"] = tensor
    config.save_pretrained(folder)
    hf.WhisperFeatureExtractor().save_pretrained(folder)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder
