"""Write docs/encoders.md: every encoder with dimension, parameters, speed on this CPU and how to cite it.

Checkpoints are not fetched: a model of the same architecture and size with random weights takes the same time. Each is
run twice in turn, alone and as our encoder, on one batch of one shape, and of text and audio on one of mixed lengths,
which the bare model gets padded and with a mask. The best of several times counts for both.
"""

import copy
import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers as hf
from torch import Tensor, nn

from benchmarks import real_voices
from benchmarks.encoders_text import HEAD, OPTION_ROWS, OPTIONS
from benchmarks.record import read, record
from emotion.core.progress import track
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.base import Encoder
from emotion.encoders.bodies import build, count, without_extras
from emotion.encoders.catalogue import ENTRIES, Entry
from emotion.encoders.egemaps import EGeMAPS
from emotion.encoders.face import FaceEncoder
from emotion.encoders.polarity import POLARITIES
from emotion.encoders.pretrained_audio import PretrainedAudio
from emotion.encoders.pretrained_face import PretrainedFace
from emotion.encoders.text import PretrainedText, TextEncoder, learn_tokenizer
from emotion.encoders.word_vectors import WordVectors

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "encoders.md"
RATE, SECONDS, UTTERANCES = 16000, 4, 2
CLIPS, CLIP, FRAMES = 1, 4, 16
TEXTS, WORDS = 8, 20
MIXED_SECONDS = (1, 1.5, 2.5, 4)
MIXED_WORDS = (1, 3, 5, 7, 10, 14, 20, 33)  # eighths of lengths that are 12 on average
VOCABULARY = ("good", "day", "bad", "time")
REPEATS = 3
DEBERTA = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False}
V3 = {"vocab_size": 128100, "position_buckets": 256, "norm_rel_ebd": "layer_norm", "share_att_key": True}
WHISPER = {"d_model": 512, "encoder_layers": 6, "encoder_attention_heads": 8, "encoder_ffn_dim": 2048} | {
    "decoder_layers": 1,
    "decoder_attention_heads": 8,
}
LONG = {"max_position_embeddings": 514, "type_vocab_size": 1}
CONFIGS: dict[str, Callable[[], Any]] = {
    "wav2vec2": hf.Wav2Vec2Config,
    "hubert": hf.HubertConfig,
    "wavlm": hf.WavLMConfig,
    "unispeech-sat": hf.UniSpeechSatConfig,
    "data2vec-audio": hf.Data2VecAudioConfig,
    "wav2vec2-bert": lambda: hf.Wav2Vec2BertConfig(position_embeddings_type="relative_key"),
    "whisper": lambda: hf.WhisperConfig(**WHISPER),
    "videomae": lambda: hf.VideoMAEConfig(use_mean_pooling=False),
    "timesformer": hf.TimesformerConfig,
    "vit": hf.ViTConfig,
    "deit": hf.DeiTConfig,
    "beit": lambda: hf.BeitConfig(use_relative_position_bias=True, use_mean_pooling=True),
    "dinov2": lambda: hf.Dinov2Config(image_size=518, patch_size=14),
    "clip": lambda: hf.CLIPVisionConfig(**SIZE, patch_size=16),
    "siglip": hf.SiglipVisionConfig,
    "roberta": lambda: hf.RobertaConfig(vocab_size=50265, **LONG),
    "xlm-roberta": lambda: hf.XLMRobertaConfig(vocab_size=250002, **LONG),
    "camembert": lambda: hf.CamembertConfig(vocab_size=32005, **LONG),
    "bert": hf.BertConfig,
    "distilbert": hf.DistilBertConfig,
    "albert": lambda: hf.AlbertConfig(**SIZE, max_position_embeddings=512),
    "electra": lambda: hf.ElectraConfig(**SIZE, embedding_size=768),
    "modernbert": hf.ModernBertConfig,
    "deberta": lambda: hf.DebertaConfig(vocab_size=50265, type_vocab_size=0, **DEBERTA),
    "deberta-v2": lambda: hf.DebertaV2Config(**SIZE, **V3, type_vocab_size=0, max_relative_positions=-1, **DEBERTA),
    "mpnet": lambda: hf.MPNetConfig(vocab_size=30527, max_position_embeddings=514),
    "qwen2": lambda: hf.Qwen2Config(**QWEN2, num_attention_heads=14, num_key_value_heads=2, vocab_size=151936),
    "qwen3": lambda: hf.Qwen3Config(**QWEN3, num_attention_heads=16, num_key_value_heads=8, vocab_size=151669),
}
QWEN2 = {"hidden_size": 896, "num_hidden_layers": 24, "intermediate_size": 4864}
QWEN3 = {"hidden_size": 1024, "num_hidden_layers": 28, "intermediate_size": 3072, "head_dim": 128}
SIZE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}


@dataclasses.dataclass(frozen=True)
class Line:
    """What was measured of one encoder."""

    entry: Entry
    parameters: int
    seconds: float  # for the batch
    ratio: float | None  # throughput of our path over that of the bare model
    mixed: float | None = None  # the same for a batch of mixed lengths


def inputs_of(modality: str) -> list[Any]:
    """One batch, all of one length: speech-like noise, grey noise, random words."""
    rng = np.random.default_rng(0)
    if modality == "audio":
        return [(0.1 * rng.standard_normal(SECONDS * RATE)).astype(np.float32) for _ in range(UTTERANCES)]
    if modality == "face":
        return [rng.integers(0, 256, (FRAMES, 48, 48), dtype=np.uint8) for _ in range(CLIPS)]
    return [" ".join(rng.choice(VOCABULARY, WORDS)) for _ in range(TEXTS)]


def mixed_inputs(modality: str) -> list[Any]:
    """One batch of mixed lengths; of face nothing, since every clip has the same number of frames."""
    rng = np.random.default_rng(0)
    if modality == "audio":
        return [(0.1 * rng.standard_normal(int(length * RATE))).astype(np.float32) for length in MIXED_SECONDS]
    return [" ".join(rng.choice(VOCABULARY, length)) for length in MIXED_WORDS] if modality == "text" else []


def ours(entry: Entry) -> Encoder:
    """The paper's encoder, its weights random; eGeMAPS; word vectors of a file of random numbers."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vectors.txt"
        file.write_text("".join(f"{word} {'0.5 ' * entry.dim}\n" for word in VOCABULARY), encoding="utf-8")
        made: dict[str, Callable[[], Encoder]] = {
            "audio": AudioEncoder,
            "face": FaceEncoder,
            "text": TextEncoder,
            "egemaps": EGeMAPS,
            "word_vectors": lambda: WordVectors(vectors=str(file)),
        }
        encoder = made[entry.modality if entry.family == "ours" else entry.family]()
        encoder.prepare(inputs_of(entry.modality))
    return encoder.eval()


def pretrained(family: str, modality: str) -> tuple[Encoder, nn.Module]:
    """The encoder around a model of random weights, and a copy of the bare model."""
    body = without_extras(hf.AutoModel.from_config(CONFIGS[family]())).eval()
    bare = copy.deepcopy(body)
    if modality == "text":
        text = PretrainedText(encoder=family)
        text.use(body, learn_tokenizer(inputs_of("text"), vocabulary=300, limit=510))
        return text.eval(), bare
    if modality == "face":
        frames = body.config.num_frames if family in ("videomae", "timesformer") else FRAMES
        face = PretrainedFace(encoder=family, frames=frames, size=224)
        face.attach(body)
        return face.eval(), bare
    audio = PretrainedAudio(encoder=family, rate=RATE)
    extractors = {"whisper": hf.WhisperFeatureExtractor, "wav2vec2-bert": hf.SeamlessM4TFeatureExtractor}
    audio.extractor = extractors.get(family, hf.Wav2Vec2FeatureExtractor)()
    audio.attach(body)
    return audio.eval(), bare


def bare_inputs(encoder: Encoder, inputs: Sequence[Any]) -> dict[str, Tensor]:
    """What the bare model takes for the same batch, ready to be used."""
    batch = encoder.collate(inputs)
    if isinstance(encoder, PretrainedText):
        return {"input_ids": batch["tokens"], "attention_mask": batch["mask"].long()}
    if isinstance(encoder, PretrainedFace):
        pixels = encoder.pixels(batch["clips"])
        return {"pixel_values": pixels if encoder.family.video else pixels.flatten(0, 1)}
    if "pictures" in batch:
        return {"input_features": batch["pictures"]}
    heard = "waves" in batch
    values, counts = (batch["waves"], batch["lengths"]) if heard else (batch["bands"], batch["frames"])
    name = "input_values" if heard else "input_features"
    mask = torch.arange(values.shape[1]) < counts[:, None]
    return {name: values} if bool(mask.all()) else {name: values, "attention_mask": mask.long()}


def best(*calls: Callable[[], Any]) -> list[float]:
    """Least processor seconds of each call, the calls taken in turn."""
    times: list[list[float]] = [[] for _ in calls]
    with torch.inference_mode():
        for repeat in range(REPEATS + 1):
            for call, found in zip(calls, times, strict=True):
                start = time.process_time()
                call()
                if repeat:  # the first warms up
                    found.append(time.process_time() - start)
    return [min(found) for found in times]


def measure(entry: Entry) -> Line:
    """Run one encoder, from its inputs to its vectors."""
    torch.manual_seed(0)
    inputs = inputs_of(entry.modality)
    if entry.family not in CONFIGS:
        encoder = ours(entry)
        (seconds,) = best(lambda: encoder.sequences(encoder.collate(inputs)))
        return Line(entry, count(encoder), seconds, None)
    encoder, bare = pretrained(entry.family, entry.modality)
    seconds, alone = against(encoder, bare, inputs)
    unlike, padded = against(encoder, bare, mixed) if (mixed := mixed_inputs(entry.modality)) else (0.0, 0.0)
    parameters = count(build(CONFIGS[entry.family]()))
    return Line(entry, parameters, seconds, alone / seconds, padded / unlike if unlike else None)


def against(encoder: Encoder, bare: nn.Module, inputs: Sequence[Any]) -> list[float]:
    """Seconds of our encoder, from the inputs to the vectors, and of the bare model alone."""
    ready = bare_inputs(encoder, inputs)
    return best(lambda: encoder.sequences(encoder.collate(inputs)), lambda: bare(**ready))


def speed(line: Line) -> str:
    """Of audio and face the real-time factor, of text utterances per second.

    However long a face clip is, a checkpoint sees a fixed number of its frames: the factor falls with the length.
    """
    if line.entry.modality == "text":
        return f"{TEXTS / line.seconds:.0f} utterances/s"
    length = UTTERANCES * SECONDS if line.entry.modality == "audio" else CLIPS * CLIP
    return f"real-time factor {line.seconds / length:.3f}"


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def share(ratio: float | None) -> str:
    """In per cent; '' where there is none."""
    return "" if ratio is None else f"{100 * ratio:.0f} %"


def document(lines: Sequence[Line]) -> str:
    """The Markdown page."""
    about = read()["encoders"]["machine"]
    shapes = (
        f"{UTTERANCES} utterances of {SECONDS} s, {CLIPS} clip of {CLIP} s, of which {FRAMES} frames are "
        f"used, {TEXTS} texts of {WORDS} words"
    )
    rows = [
        "| modality | encoder | architecture | dimension | parameters | speed | of the bare model | mixed lengths | "
        "licence |",
        "| --- |" + " --- |" * 8,
    ]
    for line in lines:
        entry = line.entry
        rows.append(
            f"| {entry.modality} | `{entry.name}` | {entry.family} | {entry.dim} | {line.parameters / 1e6:.1f} M | "
            f"{speed(line)} | {share(line.ratio)} | {share(line.mixed)} | {entry.licence} |"
        )
    ratios = [line.ratio for line in lines if line.ratio is not None]
    unlike = [line.mixed for line in lines if line.mixed is not None]
    text = (
        f"\nSpeed: {shapes}; from waveform, clip or text to vector; {about['processor']}, "
        f"one core, torch {about['torch']}, float32, processor time, best of {REPEATS} runs. Checkpoints were replaced "
        f"by models of their size with random weights, which take the same time. `of the bare "
        "model`: our throughput, preparation of the inputs and pooling included, over that of "
        f"transformers' model alone on the same batch; median {100 * statistics.median(ratios):.0f} %, least "
        f"{100 * min(ratios):.0f} %. `mixed lengths`: the same for a batch of mixed lengths, which the bare model gets "
        f"padded and with a mask: utterances of {_listed(MIXED_SECONDS)} s, texts of {_listed(MIXED_WORDS)} words; "
        f"median {100 * statistics.median(unlike):.0f} %, least {100 * min(unlike):.0f} %. There is nothing to gain "
        "for Whisper, which always hears 30 s, and for faces, of which all clips have as many frames.\n"
    )
    cited = [f"- {line.entry.family} (`{line.entry.name}`): {line.entry.cite}." for line in lines]
    cite = [f"\n{real_voices.section()}{real_voices.END}\n", *dict.fromkeys(cited)]
    options = "\n".join(f"| {key} | {value} |" for key, value in OPTION_ROWS.items())
    polarities = "\n".join(f"| {name} | {', '.join(names.split())} |" for name, names in POLARITIES.items())
    told = OPTIONS.replace("OPTIONROWS", options).replace("POLARITIES", polarities)
    return HEAD + "\n".join(rows) + "\n" + text + told + "\n".join(cite) + "\n"


def kept() -> dict[str, Line]:
    """What results.json holds of each encoder, by modality and name."""
    entries = {f"{entry.modality} {entry.name}": entry for entry in ENTRIES}
    found = read().get("encoders", {}).get("lines", {})
    return {key: Line(entries[key], **values) for key, values in found.items() if key in entries}


def main() -> None:
    """Measure every encoder, or those whose architectures are named; write the page once there is a figure of each."""
    chosen = [entry for entry in ENTRIES if not sys.argv[1:] or entry.family in sys.argv[1:]]
    torch.set_num_threads(1)
    for entry in track(chosen, total=len(chosen), title="encoders", unit="encoders"):
        line = measure(entry)
        shares = (line.ratio, "of the bare model"), (line.mixed, "with mixed lengths")
        told = "".join(f", {share(number)} {of}" for number, of in shares if number)
        sys.stderr.write(f"{entry.name}: {speed(line)}{told}\n")
        lines = kept() | {f"{entry.modality} {entry.name}": line}
        names = ("parameters", "seconds", "ratio", "mixed")
        record("encoders", {"lines": {key: {n: getattr(one, n) for n in names} for key, one in sorted(lines.items())}})
    write_page()


def write_page() -> None:
    """Write the document from the figures that benchmarks/results.json holds, unless some are missing."""
    lines = kept()
    if missing := [entry.family for entry in ENTRIES if f"{entry.modality} {entry.name}" not in lines]:
        sys.stderr.write(f"{DOCUMENT.name} stays as it was: not measured yet are {', '.join(missing)}\n")
        return
    ordered = [lines[f"{entry.modality} {entry.name}"] for entry in ENTRIES]
    DOCUMENT.write_text(document(ordered), encoding="utf-8")
    sys.stderr.write(f"written to {DOCUMENT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
