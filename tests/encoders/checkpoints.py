"""Tiny checkpoints with random weights, one per architecture, as folders that a user might have."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as hf
from encoders.planted import texts

from emotion.encoders.text import learn_tokenizer

SMALL = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
CONV = {"conv_dim": (8, 8, 8), "conv_kernel": (10, 3, 2), "conv_stride": (5, 4, 2), "num_conv_pos_embeddings": 8}
SPEECH = SMALL | CONV | {"num_feat_extract_layers": 3, "num_conv_pos_embedding_groups": 2}
PICTURE = SMALL | {"image_size": 16, "patch_size": 8}
VOCABULARY = [
    "<s>",
    "<pad>",
    "</s>",
    "[UNK]",
    "<mask>",
    "good",
    "bad",
    "I",
    "was",
    "there",
    "to",
    "##day",
    "with",
    "you",
]
GROUP = {"feat_extract_norm": "group", "do_stable_layer_norm": False}
PLACES = {"conv_bias": False, "conv_pos_kernel_size": 5, "num_conv_pos_embeddings": 3}
LAYER = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}


def speech(folder: Path, kind: str, norm: dict, **options) -> Path:
    """wav2vec2 and its likes."""
    config = getattr(hf, f"{kind}Config")(**SPEECH | norm | options)
    extractor = hf.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=norm is LAYER)
    return written(folder, getattr(hf, f"{kind}Model")(config), extractor)


def whisper(folder: Path) -> Path:
    """One window is one second here."""
    sizes = {"d_model": 24, "encoder_layers": 3, "encoder_attention_heads": 2, "encoder_ffn_dim": 32}
    rest = {"decoder_layers": 1, "decoder_attention_heads": 2, "decoder_ffn_dim": 32, "vocab_size": 60}
    special = {"pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 3, "decoder_start_token_id": 4}
    config = hf.WhisperConfig(num_mel_bins=20, max_source_positions=50, **sizes, **rest, **special)
    return written(folder, hf.WhisperModel(config), hf.WhisperFeatureExtractor(feature_size=20, chunk_length=1))


def banded(folder: Path) -> Path:
    """wav2vec2-BERT."""
    config = hf.Wav2Vec2BertConfig(**SMALL, feature_projection_input_dim=160, conv_depthwise_kernel_size=5)
    return written(folder, hf.Wav2Vec2BertModel(config), hf.SeamlessM4TFeatureExtractor())


def picture(folder: Path, kind: str, **options) -> Path:
    """Image and video models; the processor's file is as on the hub."""
    return _processed(folder, getattr(hf, f"{kind}Model")(getattr(hf, f"{kind}Config")(**PICTURE | options)))


def pair(folder: Path, kind: str) -> Path:
    """Models of pictures and texts."""
    special = {"pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 3}
    texts = SMALL | {"vocab_size": 30, "max_position_embeddings": 8, "projection_size": 24} | special
    config = getattr(hf, f"{kind}Config")(vision_config=PICTURE, text_config=texts)
    return _processed(folder, getattr(hf, f"{kind}Model")(config))


def _processed(folder: Path, model) -> Path:
    written(folder, model)
    text = '{"image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.25], "size": {"height": 16, "width": 16}}'
    (folder / "preprocessor_config.json").write_text(text)
    return folder


def text(folder: Path, kind: str, **options) -> Path:
    """Text models, each with a tokenizer of the kind that belongs to it."""
    if kind in ("Roberta", "XLMRoberta", "Camembert", "Deberta", "ModernBert"):
        tokenizer = learn_tokenizer(texts(40)[0], vocabulary=300, limit=20)
    elif kind in ("Qwen2", "Qwen3"):
        model = json.loads(learn_tokenizer(texts(40)[0], vocabulary=300, limit=20).backend_tokenizer.to_str())["model"]
        merges = [tuple(merge) for merge in model["merges"]]
        tokenizer = hf.Qwen2Tokenizer(vocab=model["vocab"], merges=merges, model_max_length=20, padding_side="left")
    elif kind == "DebertaV2":
        pieces = [(piece, -1.0 - 0.01 * number) for number, piece in enumerate([*VOCABULARY[5:], "▁", "▁to", "day"])]
        special = [(name, 0.0) for name in ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]")]
        words = [("▁" + word, -0.5) for word in ("good", "bad", "I", "was", "there", "you")]
        tokenizer = hf.DebertaV2Tokenizer(vocab=[*special, *pieces, *words], unk_id=3, model_max_length=20)
    else:
        names = {"MPNet": hf.MPNetTokenizer}
        special = dict(
            zip(("cls_token", "pad_token", "sep_token", "unk_token", "mask_token"), VOCABULARY, strict=False)
        )
        vocabulary = {word: number for number, word in enumerate(VOCABULARY)}
        tokenizer = names.get(kind, hf.BertTokenizer)(
            vocab=vocabulary, do_lower_case=False, model_max_length=20, **special
        )
    sizes = SMALL | {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 22,
        "pad_token_id": tokenizer.pad_token_id,
    }
    if kind == "DistilBert":
        sizes |= {"dim": 24, "n_layers": 3, "n_heads": 2, "hidden_dim": 32}
    model = getattr(hf, f"{kind}Model")(getattr(hf, f"{kind}Config")(**sizes | options))
    return written(folder, model, tokenizer)


def written(folder: Path, model, *others) -> Path:
    """Save; every weight is random, also those that begin as ones or zeros."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in model.parameters():
            value.add_(0.1 * torch.randn(value.shape, generator=generator))
    for part in (model, *others):
        part.save_pretrained(folder)
    return folder


AUDIO = {
    "wav2vec2": lambda folder: speech(folder, "Wav2Vec2", GROUP),
    "wav2vec2-large": lambda folder: speech(folder, "Wav2Vec2", LAYER),
    "hubert": lambda folder: speech(folder, "Hubert", GROUP),
    "wavlm": lambda folder: speech(folder, "WavLM", GROUP),
    "wavlm-large": lambda folder: speech(folder, "WavLM", LAYER),
    "unispeech-sat": lambda folder: speech(folder, "UniSpeechSat", GROUP),
    "data2vec-audio": lambda folder: speech(folder, "Data2VecAudio", PLACES),
    "wav2vec2-bert": banded,
    "whisper": whisper,
}
FACE = {
    "videomae": lambda folder: picture(folder, "VideoMAE", num_frames=6, tubelet_size=2, use_mean_pooling=False),
    "timesformer": lambda folder: picture(folder, "Timesformer", num_frames=4),
    "vit": lambda folder: picture(folder, "ViT"),
    "deit": lambda folder: picture(folder, "DeiT"),
    "beit": lambda folder: picture(folder, "Beit"),
    "dinov2": lambda folder: picture(folder, "Dinov2", image_size=40, mlp_ratio=2),
    "clip": lambda folder: pair(folder, "CLIP"),
    "siglip": lambda folder: pair(folder, "Siglip"),
}
TEXT = {
    "roberta": lambda folder: text(folder, "Roberta"),
    "xlm-roberta": lambda folder: text(folder, "XLMRoberta"),
    "camembert": lambda folder: text(folder, "Camembert"),
    "bert": lambda folder: text(folder, "Bert"),
    "distilbert": lambda folder: text(folder, "DistilBert"),
    "albert": lambda folder: text(folder, "Albert", embedding_size=16),
    "electra": lambda folder: text(folder, "Electra", embedding_size=16),
    "modernbert": lambda folder: text(folder, "ModernBert", local_attention=4),
    "deberta": lambda folder: text(folder, "Deberta", pos_att_type=["c2p", "p2c"], relative_attention=True),
    "deberta-v2": lambda folder: text(
        folder, "DebertaV2", relative_attention=True, pos_att_type=["p2c", "c2p"], position_biased_input=False
    ),
    "mpnet": lambda folder: text(folder, "MPNet"),
    "qwen2": lambda folder: text(folder, "Qwen2", num_key_value_heads=1),
    "qwen3": lambda folder: text(folder, "Qwen3", num_key_value_heads=1, head_dim=12),
}


LABELS = ("calm", "cross", "glad")


def headed(folder: Path, kind, **options) -> Path:
    """A checkpoint's folder again, with a classification head of three classes."""
    names = dict(enumerate(LABELS))
    config = hf.AutoConfig.from_pretrained(folder, id2label=names, label2id={n: i for i, n in names.items()}, **options)
    return written(folder, kind.from_config(config))


def some(families, *quick: str) -> list:
    """Names of all architectures; those that are not named are slow."""
    return [pytest.param(name, marks=[] if name in quick else pytest.mark.slow) for name in families]


def full(*values) -> list:
    """Parameters of tests that `make test-full` runs."""
    return [pytest.param(*value, marks=pytest.mark.full) for value in values]


@cache
def bare(folder: Path):
    """The bare model, in eval mode."""
    return hf.AutoModel.from_pretrained(folder).eval()


def noise(lengths, *, seed: int = 0) -> list[np.ndarray]:
    """Waveforms of these lengths, samples."""
    rng = np.random.default_rng(seed)
    return [(0.3 * rng.standard_normal(length)).astype(np.float32) for length in lengths]
