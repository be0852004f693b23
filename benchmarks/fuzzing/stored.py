"""Good files of our own making that someone else may hand on: caches, journals, models, tables of results."""

import shutil
from contextlib import closing
from pathlib import Path

import numpy as np

from benchmarks.fuzzing.material import LABELS, WORDS, as_json, features

_SPLITS = ("train", "train", "validation", "test")
_CURVE = "epoch,train_loss,validation_loss,validation_weighted_f1\n1,1.1,1.2,0.4\n2,0.9,1.0,0.6\n"


def index(folder: Path) -> None:
    """index.csv and index.json, as `emotion index` writes them."""
    _index(folder / "index")


def _index(folder: Path) -> None:
    from emotion.corpus.utterance import Utterance, write_index

    rows = [
        Utterance(
            utterance=f"Ses0{1 + i // 4}F_impro01_F{i % 4:03d}",
            dialogue=f"Ses0{1 + i // 4}F_impro01",
            turn=i % 4,
            speaker=f"Ses0{1 + i // 4}_{'FM'[i % 2]}",
            start=float(i % 4),
            end=i % 4 + 0.9,
            label=LABELS[i % 3],
            split=_SPLITS[(i // 4) % 4],
            text=WORDS[i % 5],
            audio="a.wav",
            video="",
            side="left",
        )
        for i in range(16)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    write_index(folder / "index.csv", rows, labels=LABELS, corpus="planted", notes={})


def caches(folder: Path) -> None:
    """An index with a cache of vectors, and one with a cache of words."""
    for name, words in (("vectors", 1), ("words", 3)):
        _index(folder / name)
        _cache(folder / name, words)


def _cache(folder: Path, words: int) -> None:
    from emotion.corpus.utterance import read_index
    from emotion.store.writer import CacheWriter

    found = read_index(folder / "index.csv")
    rng = np.random.default_rng(0)
    path = folder / "features" / "text.h5"
    with CacheWriter(
        path,
        ids=[row.utterance for row in found.utterances],
        shape=(6,),
        dtype="float32",
        attributes={"index": found.digest, "modality": "text", "encoder": "imported", "trained_on": "unknown"},
        scratch=folder / "scratch",
    ) as writer:
        for i in range(len(found.utterances)):
            value = rng.normal(size=(1 + i % words, 6)).astype(np.float32)
            writer.append(None if i == 5 else value, "no face" if i == 5 else "")
    shutil.rmtree(folder / "scratch")
    for lock in folder.rglob("*.lock"):
        lock.unlink()


def journals(folder: Path) -> None:
    """Unfinished work of an extraction."""
    from emotion.store.journal import Journal

    (folder / "journal").mkdir(parents=True)
    with closing(Journal(folder / "journal" / "work.journal")) as journal:
        for i in range(12):
            journal.append({"i": i, "t": 1, "reason": "", "note": {"text": "é" * i}}, bytes([i]) * (40 + 100 * i))
        journal.flush()


def results(folder: Path) -> None:
    """What `fuse` and `evaluate` write, with the index that belongs to it."""
    from emotion.corpus.utterance import read_index

    here = folder / "results"
    _index(here)
    found = read_index(here / "index.csv")
    lines = [f"utterance,dialogue,split,{','.join(LABELS)}"]
    for i, row in enumerate(found.utterances):
        if row.split != "train":
            lines.append(f"{row.utterance},{row.dialogue},{row.split},{0.2 + 0.1 * (i % 3):.6f},0.300000,0.250000")
    _file(here / "probabilities.csv", "\n".join([*lines, ""]).encode())
    _file(here / "training.csv", _CURVE.encode())
    _file(here / "faces.json", as_json({"coverage": 0.97}))
    votes = ["utterance,rater,labels,valence,activation,dominance"]
    votes += [f"{row.utterance},E{rater},{LABELS[rater % 3]};sad,2,3,4" for row in found.utterances for rater in (1, 2)]
    _file(here / "annotators.csv", "\n".join([*votes, ""]).encode())


def summaries(folder: Path) -> None:
    """metrics.json and details.json, by `evaluate` itself."""
    from emotion.evaluation.report import evaluate

    results(folder)
    here = folder / "results"
    evaluate(here / "index.csv", here / "probabilities.csv", here / "training.csv", out=folder / "metrics")
    for path in [*here.iterdir(), *(folder / "metrics").iterdir()]:
        if path.name not in ("metrics.json", "details.json"):
            path.unlink()
    here.rmdir()


def runs(folder: Path) -> None:
    """One run's file of a study."""
    path = folder / "run" / "fusion.npz"
    path.parent.mkdir(parents=True)
    logs = {f"{split}_logs": np.zeros((4, 3), np.float32) for split in ("train", "validation", "test")}
    missing = {f"{split}_missing": np.zeros((2, 4), np.uint8) for split in ("train", "validation", "test")}
    np.savez(path, epoch=3, seconds=1.5, by_epoch=np.zeros((2, 4), np.uint8), **logs, **missing)


def imports(folder: Path) -> None:
    """A folder that `emotion import` wrote, for `emotion export`."""
    import pickle

    from emotion.exchange.importing import import_features

    source = folder / "features.pkl"
    source.write_bytes(pickle.dumps(features(), protocol=2))
    import_features(source, out=folder / "imported", split="file", label_names=LABELS)
    source.unlink()
    for path in (folder / "imported").rglob("*.lock"):
        path.unlink()


def checkpoints(folder: Path) -> None:
    """Transformers checkpoints of random weights: text in one file, in several, as torch saves it; sound, picture."""
    import torch
    import transformers as hf

    from emotion.encoders.text import learn_tokenizer

    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    tokenizer = learn_tokenizer([*WORDS] * 3, vocabulary=280, limit=20)
    sizes = small | {"vocab_size": len(tokenizer), "max_position_embeddings": 22, "pad_token_id": 1}
    body = hf.RobertaModel(hf.RobertaConfig(**sizes))
    for name, options in (("text-one", {}), ("text-sharded", {"max_shard_size": "12KB"})):
        body.save_pretrained(folder / name, **options)
        tokenizer.save_pretrained(folder / name)
    body.config.save_pretrained(folder / "text-torch")
    tokenizer.save_pretrained(folder / "text-torch")
    torch.save(body.state_dict(), folder / "text-torch" / "pytorch_model.bin")
    conv = {"conv_dim": (8, 8), "conv_kernel": (10, 3), "conv_stride": (5, 4), "num_feat_extract_layers": 2}
    rest = {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
    hf.Wav2Vec2Model(hf.Wav2Vec2Config(**small, **conv, **rest)).save_pretrained(folder / "audio-one")
    hf.Wav2Vec2FeatureExtractor().save_pretrained(folder / "audio-one")
    hf.ViTModel(hf.ViTConfig(**small, image_size=16, patch_size=8)).save_pretrained(folder / "face-one")
    _file(folder / "face-one" / "preprocessor_config.json", as_json({"image_mean": [0.5] * 3, "image_std": [0.5] * 3}))


def encoders(folder: Path) -> None:
    """Fitted encoders as our own `save` writes them, one of them in folds."""
    import torch

    from emotion.encoders.audio import AudioEncoder
    from emotion.encoders.face import FaceEncoder
    from emotion.encoders.folds import save_alignment, save_folds
    from emotion.encoders.text import TextEncoder

    torch.manual_seed(0)
    audio = AudioEncoder(dim=8, hidden=8, layers=1, filters=8)
    audio.save(folder / "audio-folds")
    for fold in (1, 2):
        audio.save(folder / "audio-folds" / "folds" / str(fold))
        save_alignment(folder / "audio-folds" / "folds" / str(fold), torch.eye(8), torch.zeros(8))
    save_folds(folder / "audio-folds", by="session", groups={"Ses01": 1, "Ses02": 2})
    FaceEncoder(dim=8, frames=8, size=16, width=4).save(folder / "face-plain")
    text = TextEncoder(dim=8)
    text.prepare(list(WORDS) * 3)
    text.save(folder / "text-plain")


def _file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
