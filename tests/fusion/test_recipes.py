import inspect

import pytest
from closure import ROOT
from ruamel.yaml import YAML
from typer.testing import CliRunner

from emotion.commands.models import app
from emotion.core.errors import EmotionError
from emotion.fusion import recipes, settings
from emotion.fusion.describe import describe, read_dims
from emotion.fusion.models import registry
from emotion.fusion.recipes import read_recipe

RECIPES = ROOT / "recipes"


@pytest.mark.parametrize("model", registry.NAMES)
def test_every_model_has_a_recipe_that_fits_it(model):
    recipe = read_recipe(model, RECIPES)
    sizes = {name for name in registry.SIZES if name in recipe}
    assert sizes == set(registry.MODELS[model].sizes)
    assert {"history", "future", "lr", "epochs", "schedule", "averaging"} <= set(recipe)
    assert not {"seed", "model"} & set(recipe)
    lines = (RECIPES / f"{model}.yaml").read_text(encoding="utf-8").splitlines()
    assert all(line.partition("#")[2].strip() for line in lines)


def test_no_recipe_without_a_model():
    assert sorted(path.stem for path in RECIPES.glob("*.yaml")) == sorted(registry.NAMES)


@pytest.mark.parametrize("name", registry.NAMES)
def test_the_registry_says_what_a_model_takes(name):
    entry, takes = registry.MODELS[name], inspect.signature(registry.MODELS[name].load()).parameters
    assert set(entry.sizes) <= takes.keys()
    assert [key for key in registry.PARTS if key in takes] == list(entry.parts)
    assert ("words" in takes) == entry.words
    assert settings.FuseStage(model=name).model == name


def test_a_recipe_holds_only_what_differs_from_the_defaults():
    defaults = dict(settings.Recipe()) | {"chosen": ""}
    for path in RECIPES.glob("*.yaml"):
        written = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        assert [key for key, value in written.items() if defaults[key] == value] == [], path


def test_fusion_has_the_papers_hyper_parameters():
    recipe = read_recipe("fusion", RECIPES)
    assert [recipe[name] for name in ("batch", "epochs", "lr", "weight_decay")] == [32, 60, 3e-4, 5e-5]
    neutral = ("clip", "averaging", "input_dropout", "modality_dropout", "mixstyle", "smoothing")
    assert [recipe[name] for name in neutral] == [0, 0, 0, 0, 0, 0]
    assert recipe["schedule"] == "constant"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lr:", "rate:", "unknown key rate"),
        ("epochs:", "hidden: 3\nepochs:", "unknown key hidden"),
        ("lr:", "schedule: linear\nlr:", "schedule is 'linear', expected one of constant, cosine"),
    ],
)
def test_wrong_recipes_are_refused(tmp_path, old, new, message):
    text = (RECIPES / "bc_lstm.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (tmp_path / "bc_lstm.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(EmotionError, match=message):
        read_recipe("bc_lstm", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("future: all", "future: all\nheads: 3", r"fusion\.yaml: heads is 3, expected a divisor of 2 \* hidden = 256"),
        ("history: all", "history: 10", r"fusion\.yaml: history is 10 and future is all, expected all for both"),
        ("future: all", "future: 0", r"fusion\.yaml: history is all and future is 0, expected all for both"),
    ],
)
def test_keys_that_do_not_fit_together(tmp_path, old, new, message):
    text = (RECIPES / "fusion.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (tmp_path / "fusion.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(EmotionError, match=message):
        describe("fusion", dims={"text": 3}, recipes=tmp_path)


def test_unknown_models_and_missing_recipes_are_named(tmp_path):
    with pytest.raises(EmotionError, match="model is 'svm', expected one of: fusion, cnn"):
        read_recipe("svm", RECIPES)
    with pytest.raises(EmotionError, match=r"cmn\.yaml: not found"):
        read_recipe("cmn", tmp_path)


@pytest.mark.slow
def test_a_description_counts_every_parameter():
    dims = {"audio": 5, "text": 7}
    for name in registry.NAMES:
        found = describe(name, dims=dims, recipes=RECIPES)
        assert sum(part.parameters for part in found.parts) == found.parameters > 0
        assert found.recipe == (RECIPES / f"{name}.yaml").read_text(encoding="utf-8").rstrip()
    bc_lstm = describe("bc_lstm", dims=dims, recipes=RECIPES)
    recurrent = 2 * 4 * 100 * (12 + 100 + 2) + 2 * 4 * 100 * (200 + 100 + 2)
    assert bc_lstm.parameters == recurrent + 200 * 100 + 100 + 100 * 6 + 6


@pytest.mark.parametrize("text", ["audio", "audio=0", "smell=3", "audio=x", ""])
def test_wrong_dims_are_refused(text):
    with pytest.raises(EmotionError, match="expected features per modality"):
        read_dims(text)


@pytest.mark.slow
def test_the_commands_print_and_end_with_one_clear_line(monkeypatch):
    monkeypatch.chdir(ROOT)
    listed = CliRunner().invoke(app, ["list"])
    assert listed.exit_code == 0, listed.output
    assert all(name in listed.output for name in registry.NAMES)
    assert (
        listed.output.splitlines()[-1] == f"{len(registry.NAMES)} models; for one of them: emotion models describe NAME"
    )
    described = CliRunner().invoke(app, ["describe", "speaker_fusion", "--dims", "audio=55,text=384"])
    assert described.exit_code == 0, described.output
    assert "Bi-LSTM per modality" in described.output
    assert "averaging:" in described.output
    *_, about, by_params, by_recipe = described.output.splitlines()
    assert about.startswith("speaker_fusion: source ours; can be switched off: attention")
    assert by_params == "with the settings of params.yaml: dvc exp run -S model=speaker_fusion"
    study = "emotion study --features data --models speaker_fusion --out studies/speaker_fusion"
    assert by_recipe == f"with this recipe: {study}"


@pytest.mark.slow
def test_the_commands_work_outside_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    listed = CliRunner().invoke(app, ["list", "--recipes", str(RECIPES)])
    assert listed.exit_code == 0, listed.output
    described = CliRunner().invoke(app, ["describe", "cnn", "--recipes", str(RECIPES)])
    assert described.output.splitlines()[-1].endswith(f"--out studies/cnn --recipes {RECIPES}")


def test_outside_a_project_the_recipes_of_the_installation_are_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_recipe("sdt") == read_recipe("sdt", RECIPES)
    monkeypatch.setattr(recipes, "_SHIPPED", tmp_path / "emotion" / "fusion" / "shipped_recipes")
    with pytest.raises(
        EmotionError, match=r"^recipes/sdt.yaml: not found, .*; run the command in the project's folder"
    ):
        read_recipe("sdt")
