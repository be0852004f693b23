"""What may be chosen: the files beside the recipes, and what is wrong with one."""

import pytest
from closure import ROOT

from emotion.core.errors import EmotionError
from emotion.fusion.models.registry import NAMES
from emotion.fusion.recipes import read_recipe
from emotion.study.space import Range, read_space, space_path


def read(tmp_path, text, model="fusion"):
    path = tmp_path / "space.yaml"
    path.write_text(text)
    return read_space(path, model, read_recipe(model))


@pytest.mark.parametrize("model", NAMES)
def test_every_model_has_a_space_that_it_takes(model, monkeypatch):
    monkeypatch.chdir(ROOT)
    recipe = read_recipe(model)
    space = read_space(space_path(model), model, recipe)
    assert {"lr", "batch", "weight_decay"} <= space.keys() <= recipe.keys()
    assert ("hidden" in space) == ("hidden" in recipe)


def test_where_a_space_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert space_path("plugins/gated.py:Gated").as_posix() == "recipes/spaces/default.yaml"
    assert space_path("cnn").as_posix() == "recipes/spaces/default.yaml"
    assert space_path("fusion", tmp_path).as_posix() == "recipes/spaces/fusion.yaml"  # other recipes, no spaces
    (tmp_path / "spaces").mkdir()
    (tmp_path / "spaces" / "fusion.yaml").write_text("lr: [1e-3]\n")
    assert space_path("fusion", tmp_path) == tmp_path / "spaces" / "fusion.yaml"


def test_values_and_limits(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    text = "batch: [4, 8]\nlr: {low: 1e-4, high: 1e-2, scale: log}\nheads: {low: 1, high: 2}\nschedule: [constant]\n"
    space = read(tmp_path, text)
    assert space == {
        "batch": (4, 8),
        "lr": Range(low=1e-4, high=1e-2, scale="log"),
        "heads": Range(low=1, high=2),
        "schedule": ("constant",),
    }
    assert [space["lr"].tidy(value) for value in (0.00123456, 1.00001e-4, 1e-2)] == [0.00123, 1e-4, 1e-2]
    assert Range(low=0.1234, high=0.5).tidy(0.12341) == 0.1234  # never outside
    assert space["heads"].whole and not space["lr"].whole


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no settings"),
        ("lrr: [1.0]", r"unknown key lrr; did you mean lr\?"),
        ("epochs: [10, 20]", "epochs cannot be tuned: the epoch is chosen anyway"),
        ("members: [1, 2]", "members cannot be tuned"),
        ("lr: 1e-3", "lr is 0.001, expected a list of values, or {low"),
        ("lr: []", "lr is \\[\\], expected different values"),
        ("batch: [8, 8]", "expected different values"),
        ("lr: {low: 1e-2, high: 1e-3}", "lr.low is 0.01, expected less than lr.high"),
        ("lr: {low: 1e-3, high: 1e-2, scale: cubic}", "lr.scale is 'cubic', expected one of even, log"),
        ("dropout: {low: 0, high: 0.5, scale: log}", "dropout.low is 0, expected more than 0"),
        ("dropout: {low: 0.1, high: 1.5}", "dropout is 1.5, expected a number from 0 to below 1"),
        ("batch: {low: 1.5, high: 2.5}", "batch is 1.5, expected a whole number"),
        ("balanced: [none, often]", "balanced is 'often', expected one of none, weights, focal"),
        ("hidden: [4, 5]\nheads: [1, 4]", "heads is 4, expected a divisor of 2 \\* hidden = 10"),
        ("history: [all, 3]", "expected all for both"),
    ],
)
def test_what_is_wrong_is_one_line(text, words, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(EmotionError, match=words) as caught:
        read(tmp_path, text)
    assert "space.yaml" in str(caught.value) and "\n" not in str(caught.value)


def test_a_size_that_the_model_does_not_take(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(EmotionError, match="unknown key hidden"):
        read(tmp_path, "hidden: [4, 8]", model="cnn")
