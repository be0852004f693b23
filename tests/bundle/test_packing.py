"""A packed model: the same bytes, nothing private, whole or not at all; of one run only."""

import json
import shutil
import zipfile

import numpy as np
import pytest
import torch
from bundle.small_run import finish, words
from huggingface_hub import ModelCard
from ruamel.yaml import YAML
from safetensors.torch import load_file, save_file

from emotion.bundle.card import read_card
from emotion.bundle.folder import check, load, sha256
from emotion.bundle.packing import pack
from emotion.bundle.page import page
from emotion.core.errors import EmotionError
from emotion.encoders import for_audio
from emotion.fusion import saved


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(small_run, packed, tmp_path):
    pack(tmp_path / "again", project=small_run, name="small", licence="mit")
    assert files(tmp_path / "again") == files(packed)


def test_what_is_in_it(small_run, packed):
    bundle = check(packed)
    card = bundle.card
    assert sorted({name.split("/")[0] for name in card.files}) == [
        *("README.md", "classifier", "encoders", "novelty.safetensors", "settings.json")
    ]
    assert card.corpus.utterances == {"train": 16, "validation": 8, "test": 8} and card.corpus.speakers == 4
    assert not card.corpus.synthetic and card.media == []
    metrics = json.loads((small_run / "metrics" / "metrics.json").read_text())
    assert card.test.weighted_f1 == metrics["test"]["weighted_f1"] and card.test.ece == metrics["test"]["ece"]
    assert 0.05 <= card.temperature <= 20 and 0 <= card.unsure.below <= 1
    before = saved.load(small_run / "models" / "fusion")
    for name, value in before.module.state_dict().items():
        assert torch.equal(value, bundle.classifier.module.state_dict()[name])
    wave = np.sin(np.arange(8000) / 9).astype(np.float32)
    for one, two in [(small_run / "models" / "encoders", packed / "encoders")]:
        vectors = [(made := for_audio.load_encoder(folder / "audio"))(made.collate([wave])) for folder in (one, two)]
        assert torch.equal(*vectors)


def test_nothing_private_is_in_it(small_run, packed):
    private = words(small_run) | {str(small_run)}
    for name, content in files(packed).items():
        found = [word for word in private if word.encode() in content or word in name]
        assert found == [], name


def test_the_page_begins_with_what_the_hub_reads(packed):
    front, page = (packed / "README.md").read_text(encoding="utf-8").split("---\n")[1:]
    read = YAML(typ="safe", pure=True).load(front)
    assert read["license"] == "mit" and read["model-index"][0]["name"] == "small"
    data = ModelCard((packed / "README.md").read_text(encoding="utf-8")).data  # as the hub's client reads it
    scores, test = {}, read_card(packed).test
    for result in data.eval_results:
        scores[result.metric_name] = (result.metric_type, result.metric_value, result.dataset_split)
    assert scores == {
        "weighted F1": ("f1", test.weighted_f1, "test"),
        "macro F1": ("f1", test.macro_f1, "test"),
        "accuracy": ("accuracy", test.accuracy, "test"),
    }
    assert data.pipeline_tag == "video-classification" and data.library_name == "emotion"
    assert "not for decisions about people" in page and "looks and sounds most like" in page


@pytest.mark.parametrize(
    ("licence", "lines"),
    [
        ("", ["unknown", None]),
        ("CC-BY-4.0", ["cc-by-4.0", None]),
        ('Research only: "ask" us', ["other", "research-only-ask-us"]),
    ],
)
def test_the_hub_understands_the_licence(packed, licence, lines):
    data = ModelCard(page(read_card(packed).model_copy(update={"licence": licence}))).data
    assert [data.license, data.license_name] == lines


@pytest.mark.slow
def test_encoders_of_folds_stay_at_home(tmp_path):
    project = finish(tmp_path / "run", folds=2)
    assert (project / "models" / "encoders" / "audio" / "folds.json").exists()
    pack(tmp_path / "packed", project=project)
    assert not [path for path in (tmp_path / "packed").rglob("*") if "folds" in path.name]
    check(tmp_path / "packed")


@pytest.mark.slow
def test_a_generated_corpus_names_its_media(tmp_path):
    project = finish(tmp_path / "run", corpus="synthetic")
    card = pack(tmp_path / "packed", project=project)
    waves = sorted((project / "data" / "raw" / "synthetic").glob("*.wav"))
    assert card.corpus.synthetic and card.media == sorted(map(sha256, waves))
    assert "generated corpus" in (tmp_path / "packed" / "README.md").read_text()


@pytest.mark.slow
def test_parts_of_different_runs_are_refused(small_run, tmp_path):
    project = tmp_path / "run"
    shutil.copytree(small_run, project)
    metrics = project / "metrics" / "metrics.json"
    content = json.loads(metrics.read_text())
    content["validation"]["weighted_f1"] = 0.987
    metrics.write_text(json.dumps(content))
    with pytest.raises(EmotionError, match="scores are another model's; run dvc repro evaluate"):
        pack(tmp_path / "packed", project=project)
    shutil.rmtree(project / "models" / "encoders" / "audio")
    shutil.copytree(tmp_path / "run" / "models" / "encoders" / "text", project / "models" / "encoders" / "audio")
    with pytest.raises(EmotionError, match="audio"):
        pack(tmp_path / "packed", project=project)
    assert not (tmp_path / "packed").exists()


def test_what_is_no_model_is_not_replaced(small_run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(EmotionError, match="is no packed model and is not replaced"):
        pack(tmp_path / "mine", project=small_run)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


@pytest.fixture
def copied(packed, tmp_path):
    shutil.copytree(packed, tmp_path / "model")
    return tmp_path / "model"


def damage_weights(folder):
    path = folder / "classifier" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"abcd")


def add_file(folder):
    (folder / "encoders" / "run.py").write_text("import os")


def drop_file(folder):
    (folder / "settings.json").unlink()


def other_format(folder):
    change(folder, format=2)


def odd_card(folder):
    change(folder, temperature="hot")


def no_card(folder):
    (folder / "card.json").unlink()


def change(folder, **keys):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | keys))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (damage_weights, "classifier/model.safetensors: is not as card.json"),
        (add_file, "encoders/run.py: is not named by card.json"),
        (drop_file, "settings.json: is missing"),
        (other_format, "format is 2, expected 1"),
        (odd_card, "temperature is 'hot', expected a finite number > 0"),
        (no_card, "has no card.json, expected the folder of a packed model"),
        (shutil.rmtree, "no such folder, expected the folder of a packed model"),
    ],
)
def test_damage_is_one_line(copied, harm, said):
    harm(copied)
    with pytest.raises(EmotionError, match=said.replace(".", r"\.")) as caught:
        load(copied)
    assert "\n" not in str(caught.value)


def test_weights_of_another_model_are_refused_though_the_card_names_them(copied):
    path = copied / "novelty.safetensors"
    save_file({"audio.mean": torch.zeros(3)}, path)
    change(copied, files=read_card(copied).files | {"novelty.safetensors": sha256(path)})
    with pytest.raises(EmotionError, match="audio is not that of the classifier"):
        load(copied)
    assert load_file(path) and not zipfile.is_zipfile(path)


@pytest.mark.slow
def test_the_detector_comes_along(small_run, tmp_path):
    """A file of one's own as a file, without its path; one that has a name by its name."""
    project = tmp_path / "run"
    shutil.copytree(small_run, project)
    (project / "mine.onnx").write_bytes(b"a detector")
    params = (project / "params.yaml").read_text()
    for detector, kept in (("mine.onnx", "detector.onnx"), ("yunet", "yunet")):
        (project / "params.yaml").write_text(params.replace("  detector: haar ", f"  detector: {detector} "))
        pack(tmp_path / "packed", project=project)
        assert json.loads((tmp_path / "packed" / "settings.json").read_text())["face"]["detector"] == kept
        used = load(tmp_path / "packed").clips.detector
        assert used == (str(tmp_path / "packed" / kept) if kept != detector else "yunet")


@pytest.mark.slow
def test_a_refit_model_is_judged_by_what_had_not_learnt_validation(small_run, packed, tmp_path):
    refit = finish(tmp_path / "run", refit=True)
    pack(tmp_path / "packed", project=refit, name="small", licence="mit")
    one, other = (read_card(folder).model_dump() for folder in (packed, tmp_path / "packed"))
    for part in ("validation", "unsure"):  # the one was read from a file with six decimals
        assert one[part] == pytest.approx(other[part], abs=1e-4)
    assert one["temperature"] == pytest.approx(other["temperature"], abs=1e-3)
    weights = [saved.load(run / "models" / "fusion").module.state_dict() for run in (small_run, refit)]
    assert not all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
