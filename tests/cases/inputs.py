"""Tables, sound files, feature pickles and a tiny checkpoint, for inputs that once went wrong."""

import csv
import io
import json
import pickle
import struct

import numpy as np
import soundfile
from cases.films import voice


def rows(n=12, labels=("glad", "sad"), **columns):
    """n rows of a table; a column is a constant or a function of the row's number."""
    base = {
        "utterance": lambda i: f"u{i}",
        "label": lambda i: labels[i % len(labels)],
        "speaker": lambda i: f"s{i // 2}",
    }
    base |= {"text": lambda i: f"what was said in line {i}"} | columns
    return [{k: v(i) if callable(v) else v for k, v in base.items() if v is not None} for i in range(n)]


def table(folder, lines, *, encoding="utf-8", delimiter=",", name="utterances.csv"):
    """Write a table; returns its text."""
    folder.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    (folder / name).write_bytes(text.getvalue().encode(encoding))
    return text.getvalue()


def wavs(folder, n=12, seconds=1.0):
    """n sound files 0.wav, 1.wav, ...; the column audio that names them."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        soundfile.write(folder / f"{i}.wav", voice(seconds, hz=120 + 10 * i), 16000)
    return lambda i: f"{i}.wav"


def features(dialogues=12, turns=4, labels=lambda d, t: (d + t) % 3, test=3, sizes=(8, 6, 5), edit=None):
    """The field's tuple of 9: ids, speakers, labels, text, audio, visual, sentences, train, test; edit may alter it."""
    rng, names = np.random.default_rng(0), [f"d{i}" for i in range(dialogues)]
    made = [{} for _ in range(7)]
    for d, name in enumerate(names):
        made[0][name] = [f"{name}_{t}" for t in range(turns)]
        made[1][name] = ["MF"[t % 2] for t in range(turns)]
        made[2][name] = [labels(d, t) for t in range(turns)]
        made[6][name] = ["hello"] * turns
        for slot, size in zip((3, 4, 5), sizes, strict=True):
            made[slot][name] = [rng.standard_normal(size) + y for y in made[2][name]]
    content = [*made, names[: dialogues - test], names[dialogues - test :]]
    if edit:
        edit(content)
    return tuple(content)


def save_features(folder, **options):
    """Write features.pkl: `emotion import FOLDER/features.pkl --out NEW --split file --label-names glad,sad,calm`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "features.pkl").write_bytes(pickle.dumps(features(**options)))


def safetensors(path, tensors):
    """Write float32 arrays as a .safetensors file."""
    head, at = {"__metadata__": {"format": "pt"}}, 0
    for name, x in tensors.items():
        head[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [at, at + 4 * x.size]}
        at += 4 * x.size
    text = json.dumps(head).encode()
    path.write_bytes(
        struct.pack("<Q", len(text)) + text + b"".join(x.astype("<f4").tobytes() for x in tensors.values())
    )


def weights(shapes, seed=0):
    """Small random weights; norms are 1, biases 0."""
    rng = np.random.default_rng(seed)

    def plain(name, s):
        return np.zeros(s) if name.endswith("bias") else np.ones(s) if "norm" in name.lower() else rng.normal(0, 0.1, s)

    return {name: plain(name, shape) for name, shape in shapes.items()}


def tiny_bert(folder, width=16):
    """A BERT of one layer with random weights and a vocabulary of 60 words."""
    folder.mkdir(parents=True, exist_ok=True)
    words = (
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *["what", "was", "said", "in", "line", "hello"]]
        + [f"##{c}" for c in "0123456789"]
        + list("abcdefghijklmnopqrstuvwxyz0123456789")
        + ["."] * 0
    )
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": len(words),
        "hidden_size": width,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 64,
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 64})
    )
    e, layer = "embeddings.", "encoder.layer.0."
    shapes = {
        e + "word_embeddings.weight": (len(words), width),
        e + "position_embeddings.weight": (64, width),
        e + "token_type_embeddings.weight": (2, width),
        e + "LayerNorm.weight": (width,),
        e + "LayerNorm.bias": (width,),
    }
    parts = {f"attention.self.{k}": (width, width) for k in ("query", "key", "value")} | {
        "attention.output.dense": (width, width),
        "intermediate.dense": (32, width),
        "output.dense": (width, 32),
        "pooler": None,
    }
    for name, shape in parts.items():
        full = "pooler.dense" if name == "pooler" else layer + name
        shapes |= {full + ".weight": shape or (width, width), full + ".bias": ((shape or (width, width))[0],)}
    for name in ("attention.output.LayerNorm", "output.LayerNorm"):
        shapes |= {layer + name + ".weight": (width,), layer + name + ".bias": (width,)}
    safetensors(folder / "model.safetensors", weights(shapes))
