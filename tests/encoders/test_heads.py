"""Checkpoints with a classification head, used as such: what transformers gives for one input after the other."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as hf
from encoders import checkpoints
from encoders.planted import clips, section, vectors
from encoders.test_pretrained_face import VIDEO, naive_pixels

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Index
from emotion.encoders import for_audio, for_face, for_text
from emotion.encoders.describe import describe
from emotion.encoders.settings import Audio, Face, Text

INPUTS = {
    "audio": checkpoints.noise((900, 2000, 411, 2000, 17500)),
    "face": clips(3, frames=9, size=12)[0],
    "text": ["I was there", "good day", "bad today with you I", "", "you " * 40],
}
NEW = {
    "audio": lambda **values: for_audio.new_encoder(section(Audio, **values)),
    "face": lambda **values: for_face.new_encoder(section(Face, frames=5, **values), size=12),
    "text": lambda **values: for_text.new_encoder(section(Text, **{"tune": False, "dim": 0} | values)),
}
LOAD = {"audio": for_audio.load_encoder, "face": for_face.load_encoder, "text": for_text.load_encoder}
MODEL = {
    "audio": hf.AutoModelForAudioClassification,
    "face": hf.AutoModelForImageClassification,
    "text": hf.AutoModelForSequenceClassification,
}
MAKES = {"audio": checkpoints.AUDIO, "face": checkpoints.FACE, "text": checkpoints.TEXT}
QUICK = ("wav2vec2", "vit", "qwen2")
FAMILIES = [
    pytest.param(modality, name, marks=[] if name in QUICK else pytest.mark.full)
    for modality, makes in MAKES.items()
    for name in makes
]


def headed(tmp_path, modality, name, **options):
    torch.manual_seed(0)
    folder = MAKES[modality][name](tmp_path)
    kind = hf.AutoModelForVideoClassification if name in VIDEO else MODEL[modality]
    return checkpoints.headed(folder, kind, **options), kind


def made(modality, folder, **options):
    encoder = NEW[modality](encoder=str(folder), head=True, **options)
    encoder.prepare([])
    return encoder.eval()


@cache
def library(reader, folder):
    return reader.from_pretrained(folder)


def test_a_head_is_not_scored_on_what_trained_it():
    index = Index((), ("happy", "sad"), "iemocap", "")
    with pytest.raises(EmotionError, match="was trained on iemocap: its test utterances are no test"):
        settings = section(Audio, encoder="superb/wav2vec2-base-superb-er", head=True)
        for_audio.make_audio(index, settings, root=Path(), max_seconds=9.0)


def naive(kind, name, folder, item):
    """Logits of the library: (1 or frames or windows, classes)."""
    model = library(kind, folder).eval()
    if isinstance(item, str):
        tokenizer = library(hf.AutoTokenizer, folder)
        model.config.pad_token_id = tokenizer.pad_token_id
        item = item or ("" if tokenizer("")["input_ids"] else tokenizer.pad_token)
        return model(**tokenizer(item, truncation=True, max_length=20, return_tensors="pt")).logits
    if item.ndim == 3:
        pixels = naive_pixels(item, VIDEO.get(name, 5))
        return model(pixels[None] if name in VIDEO else pixels).logits
    extractor = library(hf.AutoFeatureExtractor, folder)
    if name == "wav2vec2-bert":
        item = np.pad(item, (0, max(0, 640 - len(item))))
        return model(**extractor(item, sampling_rate=16000, return_tensors="pt")).logits
    parts = [item[start : start + 16000] for start in range(0, len(item), 16000)] if name == "whisper" else [item]
    key = extractor.model_input_names[0]
    rows = [extractor(part, sampling_rate=16000, return_tensors="pt") for part in parts]
    return torch.cat([model(**{key: row[key]}).logits for row in rows])


@pytest.mark.slow
@pytest.mark.parametrize(("modality", "name"), FAMILIES)
def test_probabilities_are_those_of_the_library(tmp_path, modality, name):
    folder, kind = headed(tmp_path, modality, name)
    encoder = made(modality, folder)
    inputs = INPUTS[modality]
    with torch.no_grad():
        expected = torch.stack([naive(kind, name, folder, item).softmax(-1).mean(0) for item in inputs])
    found = vectors(encoder, inputs)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.sum(-1), torch.ones(len(inputs)))
    assert expected.std(0).max() > 1e-4, "they do not depend on the inputs"
    assert not encoder.trains and encoder.dim == 3
    encoder.save(tmp_path / "fitted")
    settings = json.loads((tmp_path / "fitted" / "settings.json").read_text())["settings"]
    assert (settings["head"], settings["labels"]) == (True, list(checkpoints.LABELS))
    assert torch.equal(vectors(LOAD[modality](tmp_path / "fitted"), inputs), found)


@pytest.mark.slow
def test_several_classes_may_hold(tmp_path):
    folder, kind = headed(tmp_path, "text", "roberta", problem_type="multi_label_classification")
    with torch.no_grad():
        expected = torch.cat([naive(kind, "", folder, item).sigmoid() for item in INPUTS["text"]])
    torch.testing.assert_close(vectors(made("text", folder), INPUTS["text"]), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.slow
def test_what_describe_says(tmp_path):
    folder, _ = headed(tmp_path, "text", "roberta")
    assert describe(str(folder))["head"] == "of calm, cross, glad: with text.head: true"
    made("text", folder).save(tmp_path / "fitted")
    facts = describe(str(tmp_path / "fitted"))
    assert (facts["dimension"], facts["head"]) == ("3", "probabilities of calm, cross, glad")
    assert not {"layers", "pooling"} & set(facts)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tune": True}, "text.head is true, .*: set text.tune: false .it is true"),
        ({"dim": 300}, "set text.dim: 0 .it is 300"),
        ({"pooling": "cls"}, "set text.pooling: mean .it is cls"),
        ({"layers": 1}, "set text.layers: last .it is 1"),
        ({"level": "word"}, "set text.level: utterance"),
        ({"encoder": "scratch"}, "text.encoder is scratch, which has no classification head; set text.head: false"),
        ({"encoder": "plugins/own.py:Own"}, "text.encoder is plugins/own.py:Own, which has no classification head"),
    ],
)
def test_what_does_not_go_with_a_head(options, words):
    with pytest.raises(EmotionError, match=words):
        NEW["text"](**{"encoder": "some/name", "head": True} | options)


def change(**values):
    def edit(config):
        config.update(values)

    return edit


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (change(architectures=["RobertaModel"]), "has no classification head .it is 'RobertaModel', expected one that"),
        (change(architectures=["RobertaForTokenClassification"]), "has no classification head"),
        (change(architectures=None), "of no named class"),
        (change(problem_type="regression"), "its head gives 3 values, no probabilities of classes"),
        (change(id2label={"0": "one"}), "its head gives 1 value, no probabilities"),
        (change(id2label={"0": "a", "2": "b"}), "id2label of its config.json does not name each class"),
        (change(id2label={str(n): "x" for n in range(1001)}), "has 1001 classes, expected at most 1000"),
        (change(id2label={str(n): str(n) for n in range(4)}), "do not fit its config.json: 2 tensors"),
    ],
)
def test_heads_that_cannot_be_used(tmp_path, edit, words):
    folder, _ = headed(tmp_path, "text", "roberta")
    config = json.loads((folder / "config.json").read_text())
    config.pop("label2id")
    edit(config)
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(EmotionError, match=words) as caught:
        made("text", folder)
    assert "\n" not in str(caught.value)
