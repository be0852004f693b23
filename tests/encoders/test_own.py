"""An encoder of one's own: fitted, saved, extracted by worker processes and described like ours."""

import json

import numpy as np
import pytest
import torch
from extraction import planted_media
from typer.testing import CliRunner

from emotion.commands.encoders import app
from emotion.core.closure import read_code
from emotion.core.errors import EmotionError
from emotion.core.settings import read_settings
from emotion.corpus.utterance import read_index
from emotion.encoders import for_audio, for_face, for_text, own
from emotion.encoders.describe import describe_own
from emotion.encoders.for_audio import make_audio
from emotion.encoders.settings import Audio, Face, Text
from emotion.extraction import executors
from emotion.extraction.extract_audio import extract_audio
from emotion.extraction.fitting import fit_encoder
from emotion.store.cache import Cache
from emotion.study.refit import _own_code

PROSODY = "plugins/prosody.py:Prosody"
MEAN = """
import numpy as np
import torch
from torch import nn
from emotion.encoders.base import Encoder

class X(Encoder):
    modality = "audio"

    def __init__(self, *, rate, dim=0):
        super().__init__()
        self.rate, self.dim = rate, dim or 3
        self.out = nn.Linear(2, self.dim)

    def settings(self):
        return {"rate": self.rate, "dim": self.dim}

    def collate(self, inputs):
        return {"x": torch.tensor(np.array([[wave.mean(), wave.std()] for wave in inputs]))}

    def cost(self, item):
        return len(item)

    def forward(self, batch):
        return self.out(batch["x"])
"""


def write(project, text):
    (project / "plugins" / "x.py").write_text(text, encoding="utf-8")
    read_code.cache_clear()


def fitted(project, encoder, **options):
    """Fit and extract as the stages do; the folder, the features and the index."""
    root = planted_media.plant(project / "media")
    index, out = read_index(root / "index.csv"), project / "encoder"
    settings = Audio(encoder=encoder, epochs=1, lr=1e-2, weight_decay=0.0, batch=4, seed=3)
    made = make_audio(index, settings, root=root, max_seconds=600.0)
    places = {"out": out, "report": project / "report.json", "scratch": project / "scratch"}
    fit_encoder(index, *made, **places, settings=settings, **options)
    return root, out, index


def extract(project, root, out, index):
    extract_audio(
        index,
        root=root,
        fitted=out,
        channel="mix",
        max_seconds=600.0,
        out=project / "audio.h5",
        scratch=project / "scratch",
        budget=2,
        max_missing=0.2,
        on_error="skip",
        execute=executors.choose(),
        device="cpu",
    )
    with Cache(project / "audio.h5") as cache:
        return np.stack([cache[row][0] for row in range(len(index.utterances))]), dict(cache.attributes)


@pytest.mark.parametrize("hz", [110.0, 220.0])
def test_prosody_hears_loudness_and_pitch(project, hz):
    encoder = own.new(PROSODY, "audio", rate=16000)
    wave = 0.5 * np.sin(2 * np.pi * hz * np.arange(16000) / 16000).astype(np.float32)
    loudness, crossings, pitch, voicing, *spread = encoder(encoder.collate([wave]))[0].tolist()
    assert loudness == pytest.approx(np.log(0.125), abs=0.05)
    assert crossings == pytest.approx(2 * hz / 16000, rel=0.1)
    assert np.exp(pitch) == pytest.approx(hz, rel=0.02) and voicing > 0.7
    assert max(spread) < 0.1


def test_prosody_is_told_from_noise_and_silence(project):
    encoder = own.new(PROSODY, "audio", rate=16000)
    noise = np.random.default_rng(0).normal(size=8000).astype(np.float32)
    heard, silent, short = encoder(encoder.collate([noise, np.zeros(8000, np.float32), np.zeros(2, np.float32)]))
    assert heard[3] < 0.5 and heard[2] == 0
    assert torch.isfinite(silent).all() and torch.equal(silent, short)


@pytest.mark.slow
def test_it_is_kept_and_extracted_in_worker_processes(project, monkeypatch, capsys):
    root, out, index = fitted(project, PROSODY)
    assert "nothing to fit" in capsys.readouterr().err
    head = json.loads((out / "settings.json").read_text())
    assert (head["name"], head["settings"]) == (PROSODY, {"rate": 16000}) and len(head["plugin"]) == 64
    monkeypatch.setenv("EMOTION_WORKERS", "2")
    values, attributes = extract(project, root, out, index)
    assert values.shape == (len(index.utterances), 8) and attributes["encoder"] == PROSODY
    assert json.loads(attributes["settings"])["plugin"] == head["plugin"]


@pytest.mark.slow
def test_it_is_fitted_with_folds(project):
    write(project, MEAN)
    root, out, index = fitted(project, "plugins/x.py:X", folds=2)
    assert (out / "folds" / "2" / "settings.json").is_file()
    assert extract(project, root, out, index)[0].shape == (len(index.utterances), 3)
    assert describe_own(for_audio.load_encoder(out))["parameters"].endswith("(9)")


def test_code_that_is_gone_or_another(project, capsys):
    write(project, MEAN)
    own.new("plugins/x.py:X", "audio", rate=8000).save(project / "encoder")
    before = _own_code("plugins/x.py:X")

    def said():
        capsys.readouterr()
        for_audio.load_encoder(project / "encoder")
        return capsys.readouterr().err

    write(project, MEAN + "# a comment\n")
    assert said() == "" and _own_code("plugins/x.py:X") == before
    write(project, MEAN + "NEW = 1\n")
    assert "the code of plugins/x.py:X is not the one that was fitted" in said()
    assert _own_code("plugins/x.py:X") != before and _own_code("paper") == []
    (project / "plugins" / "x.py").unlink()
    with pytest.raises(EmotionError, match=r"settings\.json: plugins/x\.py:X: .*x\.py not found"):
        for_audio.load_encoder(project / "encoder")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("class X(Encoder)", "class X(nn.Module)", "X is no encoder, expected a class below emotion.encoders.base"),
        ('modality = "audio"', 'modality = "smell"', "modality is 'smell', expected one of audio, face, text"),
        ('modality = "audio"', 'modality = "text"', "is an encoder of text, expected one of audio"),
        ("def cost", "def coast", "X has no method cost"),
        ("rate, dim=0", "rate, depth, dim=0", "X takes (rate, depth, dim), expected (), then any of dim, rate, front"),
        ("self.out = nn.Linear", "self.dim = 0 #", "its dim is 0"),
        ("self.rate, self.dim = rate, dim", "self.dim = dim", "cannot be made: "),
        ("self.out(batch", "self.in_(batch", "cannot encode two inputs: "),
        ('batch["x"])', 'batch["x"])[:, :1]', "forward gives (2, 1) for 2 inputs, expected (2, 3)"),
        ('batch["x"])', 'batch["x"] - batch["x"].mean(0))', "another vector beside a longer one than alone"),
        ("self.out(batch", "exit(batch", "cannot encode two inputs: "),
        ('batch["x"])', 'batch["x"]) * torch.nan', "features that are no numbers"),
        ("return len(item)", "return 0.5", "X.cost gives 0.5, expected a whole number"),
    ],
)
def test_what_is_wrong_with_an_encoder_is_one_line(project, old, new, words):
    assert old in MEAN
    write(project, MEAN.replace(old, new, 1))
    torch.manual_seed(1)  # some weights make the difference too small to be seen
    with pytest.raises(EmotionError) as caught:
        own.new("plugins/x.py:X", "audio", rate=16000, dim=0)
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("modality", "make"),
    [
        ("face", lambda **values: for_face.new_encoder(Face(frames=8, **values), size=16)),
        ("text", lambda **values: for_text.new_encoder(Text(**values))),
    ],
)
def test_the_other_modalities(project, modality, make):
    text = MEAN.replace('"audio"', f'"{modality}"').replace("wave.mean(), wave.std()", "len(wave), 1.0")
    text = text.replace("rate, dim=0", "dim=0").replace('{"rate": self.rate, ', "{").replace("np.array", "np.float32")
    text = text.replace("self.rate, self.dim = rate", "self.frames, self.dim = 8")
    write(project, text)
    made = make(encoder="plugins/x.py:X", dim=5)
    assert made.dim == 5 and made.name == "plugins/x.py:X"


def test_settings():
    whole = {key: value for key, value in dict(Audio()).items() if key != "encoder"}
    for name in (PROSODY, "paper", "facebook/wav2vec2-base", "/data/my.pytorch/model"):
        assert read_settings(Audio, whole | {"encoder": name}, source="params.yaml").encoder == name
    for wrong in ("plugins/prosody.py", "../prosody.py:Prosody", " "):
        with pytest.raises(EmotionError, match=r"expected paper, .* a checkpoint, or plugins/FILE\.py:CLASS"):
            read_settings(Audio, whole | {"encoder": wrong}, source="params.yaml")


def test_it_is_listed_and_described(project):
    listed = CliRunner().invoke(app, ["list", "--modality", "audio"])
    assert PROSODY in listed.output and "1 encoder of your own, in plugins/" in listed.output
    assert PROSODY not in CliRunner().invoke(app, ["list", "--modality", "text"]).output
    described = CliRunner().invoke(app, ["describe", PROSODY])
    assert described.exit_code == 0, described.output
    made, following = described.output.splitlines()[-2:]
    assert made == f"{PROSODY}: audio encoder, dimension 8"
    assert following == f"use it: dvc exp run -S audio.encoder={PROSODY}"
