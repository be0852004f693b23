"""A fusion model of one's own: trained, saved, loaded, described and studied like ours; what is wrong is one line."""

import json

import planted_study
import pytest
import torch
from closure import ROOT
from planted_corpus import plant
from planted_training import run
from typer.testing import CliRunner

from emotion.commands.models import app
from emotion.core.closure import read_code
from emotion.core.errors import EmotionError
from emotion.core.settings import read_settings
from emotion.fusion import own, saved
from emotion.fusion.recipes import read_recipe
from emotion.fusion.settings import FuseStage
from emotion.study.plan import code_digest

GATED = "plugins/gated.py:Gated"
SIZES = {"dims": {"audio": 5, "text": 7}, "classes": 3, "hidden": 8, "heads": 2, "dropout": 0.3}
HEAD = "import torch\nfrom torch import nn\nfrom emotion.fusion.models.layers import BiLstm, Dropout, join\n\n"
GOOD = """
class X(nn.Module):
    def __init__(self, dims, *, classes, hidden, words=()):
        super().__init__()
        self.modalities = tuple(dims)
        self.lstm = BiLstm(sum(dims.values()), hidden)
        self.dropout = Dropout(0.5)
        self.out = nn.Linear(2 * hidden, classes)

    def forward(self, features, present, speakers, mask):
        x = join(features, present, mask, modalities=self.modalities)
        return self.out(self.dropout(self.lstm(x, mask)))
"""


def write(project, text):
    (project / "plugins" / "x.py").write_text(HEAD + text, encoding="utf-8")


def build(**changes):
    return own.build("plugins/x.py:X", **SIZES | changes)


def test_gated_is_what_its_equations_say(project):
    torch.manual_seed(1)
    module = own.build(GATED, **SIZES).eval()
    audio, text = torch.randn(5), torch.randn(7)
    present = torch.tensor([[[True, True], [True, False]]])
    features = {"audio": audio.expand(1, 2, 5), "text": text.expand(1, 2, 7)}
    found = module(features, present, torch.zeros(1, 2, dtype=torch.long), torch.ones(1, 2, dtype=torch.bool))[0]
    for place, parts in enumerate([(audio, text), (audio, torch.zeros(7))]):
        x = torch.cat(parts)
        h = torch.sigmoid(module.gates["audio"](x)) * torch.tanh(module.values["audio"](parts[0]))
        if place == 0:
            h = h + torch.sigmoid(module.gates["text"](x)) * torch.tanh(module.values["text"](parts[1]))
        torch.testing.assert_close(found[place], module.classifier(h))


@pytest.mark.slow
def test_it_is_trained_saved_and_loaded_like_ours(project, tmp_path, capsys):
    planted = plant(tmp_path, lengths=(9, 8, 7, 6) * 4)
    out = run(planted, tmp_path, model=GATED, epochs=6)
    assert f"fuse: {GATED} on audio+text" in capsys.readouterr().err
    found = saved.load(out)
    assert type(found.module).__name__ == "Gated" and not found.module.training
    assert capsys.readouterr().err == ""
    path = project / "plugins" / "gated.py"
    text = path.read_text(encoding="utf-8")

    def edit(changed):
        path.write_text(changed, encoding="utf-8")
        read_code.cache_clear()

    edit(text + "# a comment\n")
    saved.load(out)
    assert capsys.readouterr().err == ""
    edit(text + "NEW = 1\n")
    saved.load(out)
    assert f"the code of {GATED} is not the one that was trained" in capsys.readouterr().err
    path.unlink()
    with pytest.raises(EmotionError, match=r"settings\.json: plugins/gated\.py:Gated: .*gated\.py not found"):
        saved.load(out)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["../x.py:X", "/tmp/x.py:X", "plugins/../x.py:X", "os.py:system", 3])
def test_a_folder_of_a_stranger_runs_nothing(project, tmp_path, name):
    planted = plant(tmp_path, lengths=(6, 6) * 3)
    out = run(planted, tmp_path, model=GATED, epochs=1)
    settings = json.loads((out / "settings.json").read_text())
    (out / "settings.json").write_text(json.dumps(settings | {"model": name}))
    with pytest.raises(EmotionError, match=r"model is .*, expected one of fusion, .*, or plugins/FILE\.py:CLASS"):
        saved.load(out)


def test_settings_and_recipes(project):
    whole = {key: value for key, value in dict(FuseStage()).items() if key != "model"}
    assert read_settings(FuseStage, whole | {"model": GATED}, source="params.yaml").model == GATED
    for wrong in ("plugins/gated.py", "gated.py:Gated", "Gated"):
        with pytest.raises(EmotionError, match=r"expected one of fusion, .*, or plugins/FILE\.py:NAME"):
            read_settings(FuseStage, whole | {"model": wrong}, source="params.yaml")
    recipe = read_recipe(GATED)
    assert (recipe["hidden"], recipe["epochs"], recipe["history"]) == (64, 30, 10) and "heads" not in recipe
    (project / "mine").mkdir()
    (project / "mine" / "gated.yaml").write_text("hidden: 5\n", encoding="utf-8")
    assert read_recipe(GATED, project / "mine")["hidden"] == 5
    (project / "plugins" / "gated.yaml").unlink()
    assert read_recipe(GATED)["hidden"] == 128
    (project / "plugins" / "gated.yaml").write_text("hiden: 5\n", encoding="utf-8")
    with pytest.raises(EmotionError, match=r"gated\.yaml: unknown key hiden; did you mean hidden\?"):
        read_recipe(GATED)


@pytest.mark.slow
def test_it_is_listed_and_described(project):
    write(project, "class X(nn.Module):\n    def forward(self, present): ...\n")
    listed = CliRunner().invoke(app, ["list", "--recipes", str(ROOT / "recipes")])
    assert listed.exit_code == 0, listed.output
    assert GATED in listed.output and "1 model of your own, in plugins/" in listed.output
    assert "plugins/x.py:X takes" in listed.output
    described = CliRunner().invoke(app, ["describe", GATED])
    assert described.exit_code == 0, described.output
    assert "Gated multimodal units" in described.output and "hidden: 64" in described.output
    assert f"dvc exp run -S model={GATED}" in described.output


DISTILLED = (
    GOOD.replace("return self.out(", "logits = self.out(")
    + """
        return torch.stack([logits, 2 * logits]) if self.training else logits

    def loss(self, outputs, score):
        return score(outputs[0]) + {}
"""
)


@pytest.mark.slow
def test_it_may_have_a_loss_of_its_own(project, tmp_path):
    write(project, DISTILLED.format("3 * score(outputs[1])"))
    planted = plant(tmp_path, lengths=(9, 8, 7, 6) * 4)
    assert saved.load(run(planted, tmp_path, model="plugins/x.py:X", epochs=2)).settings["model"] == "plugins/x.py:X"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DISTILLED.format("outputs"), r"x\.py:X\.loss gives \(2, 5, 3\), expected one finite number; see plugins"),
        (DISTILLED.format("undefined"), r"x\.py:X: cannot compute its loss: .*'undefined' is not defined"),
        (DISTILLED.replace("loss(", "lost("), r"gives \(2, 2, 3, 3\) while training, expected \(2, 3, 3\), or a meth"),
    ],
)
def test_what_is_wrong_with_its_loss_is_one_line(project, text, message):
    write(project, text)
    with pytest.raises(EmotionError, match=message):
        build()


@pytest.mark.slow
def test_it_is_studied(project, tmp_path):
    features = planted_study.plant(tmp_path / "data", each=6)
    models = ["fusion", GATED]
    planted_study.conduct(features, tmp_path / "out", models=models, seeds=1, ablate=["residual"], workers=2)
    table = planted_study.rows_of(tmp_path / "out" / "study.csv")
    assert [row["model"] for row in table] == ["fusion", "fusion without residual", GATED]
    assert GATED in (tmp_path / "out" / "study.md").read_text(encoding="utf-8")
    before = code_digest(GATED), code_digest("fusion")
    path = project / "plugins" / "gated.py"
    path.write_text(path.read_text(encoding="utf-8") + "NEW = 1\n", encoding="utf-8")
    code_digest.cache_clear()
    read_code.cache_clear()
    assert (code_digest(GATED) != before[0], code_digest("fusion")) == (True, before[1])


def test_a_good_model_may_have_members_and_words(project):
    write(project, GOOD)
    assert own.entry("plugins/x.py:X").words
    assert len(build(members=2, words=("text",)).members) == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("class X(nn.Module):", "class X:", "X is type, expected a class below torch.nn.Module"),
        (
            "(self, dims, *, classes, hidden, words=())",
            "(self, sizes, *, classes, hidden)",
            "X takes (sizes, classes, ",
        ),
        ("hidden, words=()", "hidden, depth", "expected (dims), then any of classes, hidden, heads, dropout"),
        ("speakers, mask):", "mask):", "X.forward takes (self, features, present, mask), expected (self, features, "),
        ("self.lstm(x, mask)", "self.lstm(x)", "cannot classify a batch: "),
        ("classes)\n", "classes + 1)\n", "forward gives (2, 3, 4) for 2 sequences of 3 utterances and 3 classes"),
        ("return self", "return 3 or self", "forward gives int for"),
        ("self.lstm(x, mask)", "self.lstm(x, mask | True)", "forward gives an utterance other logits where the"),
        ("Dropout(0.5)", "nn.Dropout(0.5)", "draws from torch's own generator"),
        ("super().__init__()", "super().__init__(); self.n = dims['smell']", "cannot be made: "),
        ("super().__init__()", "raise ValueError('odd sizes')", "odd sizes"),
        ("super().__init__()", "raise SystemExit(0)", "cannot be made: "),
        ("self.lstm(x, mask)", "exit(0)", "cannot classify a batch: "),
        ("self.lstm(x, mask)", "torch.nan * self.lstm(x, mask)", "logits that are no numbers"),
    ],
)
def test_what_is_wrong_with_a_model_is_one_line(project, old, new, words):
    assert old in GOOD
    write(project, GOOD.replace(old, new, 1))
    with pytest.raises(ValueError) as caught:
        build()
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_model_without_parameters(project):
    write(
        project,
        "class X(nn.Module):\n    def __init__(self, dims, *, classes):\n        super().__init__()\n"
        "    def forward(self, features, present, speakers, mask): ...\n",
    )
    with pytest.raises(EmotionError, match="has no parameters that could be trained"):
        build()


def test_plain_dropout_is_allowed_where_one_thread_trains(project):
    text = GOOD.replace("Dropout(0.5)", "nn.Dropout(0.5)").replace("BiLstm(sum(dims.values()), hidden)", "None")
    text = text.replace("self.lstm(x, mask)", "x").replace("2 * hidden", "sum(dims.values())")
    write(project, text)
    assert build().training


def test_the_trial_leaves_the_random_state_as_it_is(project):
    write(project, GOOD)
    torch.manual_seed(3)
    own.make("plugins/x.py:X", **SIZES)
    after_making = torch.get_rng_state()
    torch.manual_seed(3)
    build()
    assert torch.equal(torch.get_rng_state(), after_making)
