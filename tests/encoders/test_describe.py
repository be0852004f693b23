import pytest
import torch
from encoders import checkpoints
from encoders.planted import section, texts, waves
from typer.testing import CliRunner

from benchmarks.encoders import CONFIGS
from emotion.commands.encoders import app
from emotion.core.errors import EmotionError
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.bodies import build, count
from emotion.encoders.catalogue import ENTRIES
from emotion.encoders.describe import describe, meant
from emotion.encoders.families import FAMILIES
from emotion.encoders.for_text import new_encoder
from emotion.encoders.settings import Text
from emotion.encoders.text import TextEncoder

NO_CHECKPOINT = ("ours", "egemaps", "word_vectors")


def test_the_list_has_every_architecture():
    of_checkpoints = [entry for entry in ENTRIES if entry.family not in NO_CHECKPOINT]
    assert {entry.family for entry in of_checkpoints} == set(FAMILIES)
    assert all(FAMILIES[entry.family].modality == entry.modality for entry in of_checkpoints)


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in ENTRIES if entry.family in FAMILIES])
@pytest.mark.slow
def test_dimensions_and_parameters_are_those_of_the_architecture(entry):
    body = build(CONFIGS[entry.family]())
    assert sum(value.numel() for value in body.parameters() if value.device.type != "meta") < 10_000
    assert (body.config.hidden_size, round(count(body) / 1e6, 1)) == (entry.dim, entry.millions)


def test_ours_and_listed_names():
    assert describe("audio")["dimension"] == "128, or audio.dim"
    wavlm = describe("wavlm")
    assert wavlm == describe("microsoft/wavlm-base-plus")
    assert wavlm["modality"] == "audio" and wavlm["dimension"].startswith("768, with mean_std 1536")
    assert {"parameters", "pooling", "expects", "licence", "cite"} <= set(wavlm)
    assert describe("scratch") == describe("text")
    assert [describe(name)["modality"] for name in meant("paper")] == ["audio", "face"]


def test_a_fitted_folder(tmp_path):
    encoder = AudioEncoder(dim=8, hidden=4)
    encoder.prepare(waves(3)[0])
    encoder.save(tmp_path / "audio")
    facts = describe(str(tmp_path / "audio"))
    assert (facts["encoder"], facts["dimension"]) == ("paper, fitted", "8")
    assert facts["parameters"].endswith(f"({count(encoder)})")
    text = TextEncoder(dim=7, hidden=8, layers=1, heads=1)
    text.prepare(texts(9)[0])
    text.save(tmp_path / "text")
    facts = describe(str(tmp_path / "text"))
    assert (facts["modality"], facts["checkpoint"], facts["dimension"]) == ("text", "none, learned here", "7")


@pytest.mark.slow
def test_a_checkpoint_by_its_folder_before_and_after_fitting(tmp_path):
    folder = checkpoints.TEXT["mpnet"](tmp_path / "checkpoint")
    facts = describe(str(folder))
    assert facts["architecture"] == "mpnet" and facts["dimension"].startswith("24, with mean_std 48")
    encoder = new_encoder(section(Text, encoder=str(folder), layers="last4", pooling="cls", tune=False, dim=0))
    encoder.prepare([])
    encoder.save(tmp_path / "fitted")
    facts = describe(str(tmp_path / "fitted"))
    assert facts["layers"] == "last4 of 3" and (facts["pooling"], facts["body"]) == ("cls", "frozen")
    assert facts["parameters"].endswith(f"({count(encoder)})")


def test_nothing_of_that_name(tmp_path):
    with pytest.raises(EmotionError, match="there is no such folder"):
        describe(str(tmp_path / "nothing"))
    with pytest.raises(EmotionError, match=r"encoder nothing: cannot read its config.json .*check the name"):
        describe("nothing")
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(EmotionError, match=r"cannot read its config.json"):
        describe(str(tmp_path))
    (tmp_path / "settings.json").write_text('{"modality": "smell", "name": "a", "settings": {}}')
    with pytest.raises(EmotionError, match=r"modality is 'smell', expected one of audio, face, text"):
        describe(str(tmp_path))


@pytest.mark.slow
def test_commands():
    shown = CliRunner().invoke(app, ["list"])
    assert shown.exit_code == 0
    assert not [entry.name for entry in ENTRIES if entry.name not in shown.output]
    assert max(map(len, shown.output.splitlines())) <= 80
    assert shown.output.splitlines()[-3] == f"{len(ENTRIES)} encoders"
    for entry in ENTRIES:  # what is listed can be described
        described = CliRunner().invoke(app, ["describe", entry.name])
        assert described.exit_code == 0 and entry.cite[:20] in described.output
    faces = CliRunner().invoke(app, ["list", "--modality", "face"])
    assert "videomae" in faces.output and "wavlm" not in faces.output
    assert isinstance(CliRunner().invoke(app, ["list", "--modality", "smell"]).exception, EmotionError)
    shown = CliRunner().invoke(app, ["describe", "face"])
    assert shown.output.splitlines()[-2] == "face: face encoder, dimension 128, or face.dim"
    assert shown.output.splitlines()[-1] == "use it: dvc exp run -S face.encoder=paper"
