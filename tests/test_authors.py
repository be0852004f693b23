"""`benchmarks.authors`: the authors' code of three models. Its own tests need clones of it, in clones/ or where
EMOTION_AUTHORS says; without them they skip."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from closure import ROOT

from benchmarks.authors import EQUAL, START, main, page_block
from benchmarks.authors_code import SYSTEMS, as_it_was, clone, parties
from benchmarks.bare_models import BARE, BareSdt, bare_loss
from benchmarks.fusion import dialogues
from benchmarks.readme import END
from benchmarks.record import read
from emotion.core.errors import EmotionError

CLONES = Path(os.environ.get("EMOTION_AUTHORS", ROOT / "clones"))
EVERY_SYSTEM = pytest.mark.parametrize("name", SYSTEMS)
COMPARE = """
import sys, torch
from pathlib import Path
from benchmarks.authors import compare
from benchmarks.authors_code import SYSTEMS, as_it_was, clone
with as_it_was(clone(Path(sys.argv[1]), SYSTEMS[sys.argv[2]])):
    print("difference", compare(sys.argv[2])["difference"])
"""
DISTILLED = """
import sys, torch
from pathlib import Path
from benchmarks.authors_code import SYSTEMS, as_it_was, clone
from benchmarks.fusion import dialogues
from emotion.fusion.models.sdt import Sdt
system = SYSTEMS["sdt"]
batch = dialogues(3, 30, seed=3, dims=system.dims).batch(torch.arange(3))
with as_it_was(clone(Path(sys.argv[1]), system)):
    theirs = system.make().eval()
    ours = Sdt(system.dims, classes=6, **system.options | {"dropout": 0.0}).train()
    ours.load_state_dict(system.weights(theirs.state_dict()))
    for layer in ours.modules():
        layer.p = 0.0
    expected = float(system.loss(system.call(theirs, batch), batch))
outputs = ours(batch.features, batch.present, batch.speakers, batch.mask)[:, batch.mask]
labels = batch.labels[batch.mask]
found = ours.loss(outputs, lambda logits: torch.nn.functional.cross_entropy(logits, labels, reduction="sum"))
print("difference", abs(float(found) / len(labels) - expected))
"""


def difference(program, *arguments):
    """In a process of its own: all three have a module `model`."""
    command = [sys.executable, "-c", program, str(CLONES), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout.rpartition("difference")[2])


def needs(name):
    if clone(CLONES, SYSTEMS[name]) is None:
        pytest.skip(f"no clone of {SYSTEMS[name].repository} in {CLONES.name}/")


@pytest.mark.slow
@EVERY_SYSTEM
def test_logits_are_those_of_the_authors_code(name):
    needs(name)
    assert difference(COMPARE, name) <= EQUAL


@pytest.mark.slow
def test_sdts_loss_is_that_of_the_authors_code():
    needs("sdt")
    assert difference(DISTILLED) <= EQUAL


@EVERY_SYSTEM
def test_a_clone_is_found_where_it_is(name, tmp_path):
    system = SYSTEMS[name]
    assert clone(tmp_path, system) is None
    file = tmp_path / "mine" / system.script[0]
    file.parent.mkdir(parents=True)
    file.write_text("class Other(): pass\n", encoding="utf-8")
    assert clone(tmp_path, system) is None
    file.write_text(f"{system.script[1]}nn.Module): pass\n", encoding="utf-8")
    assert [clone(folder, system) for folder in (tmp_path, tmp_path / "mine", file.parent)] == [file.parent] * 3


def test_old_code_finds_the_world_that_it_expects_and_leaves_no_trace(tmp_path):
    text = "import ipdb\nfrom torch_geometric.nn import RGCNConv\nPLACE = __file__\n"
    (tmp_path / "old_code_of_somebody.py").write_text(text, encoding="utf-8")
    x, index = torch.zeros(3, 3), np.array([[1, 2], [0, 1]])
    before = sorted(sys.modules), list(sys.path)
    with as_it_was(tmp_path):
        import old_code_of_somebody

        assert str(tmp_path) in old_code_of_somebody.PLACE
        x[index] = torch.tensor([5.0, 7.0])
        assert x.cuda() is x
    assert x.tolist() == [[0, 0, 0], [5, 0, 0], [0, 7, 0]]
    assert (sorted(sys.modules), list(sys.path)) == before
    assert [path.name for path in tmp_path.iterdir()] == ["old_code_of_somebody.py"]


def test_the_first_who_speaks_has_the_first_column():
    batch = dialogues(4, 40, seed=3, dims={"text": 2}).batch(torch.arange(4))
    columns = parties(batch).transpose(0, 1)
    assert (columns[:, 0] == torch.tensor([1.0, 0.0])).all()
    for line, people, real in zip(columns, batch.speakers, batch.mask, strict=True):
        same = people[real] == people[0]
        assert torch.equal(line[real].argmax(-1) == 0, same)
    batch.speakers[0, 1:3] = torch.tensor([5, 6])
    with pytest.raises(EmotionError, match="more than two speakers in a dialogue, expected two"):
        parties(batch)


def test_without_the_code_the_command_says_so(tmp_path, capsys):
    with pytest.raises(EmotionError, match="none of the authors' code, expected clones; see docs/models"):
        main(["--authors", str(tmp_path)])
    assert "sdt: no model.py in" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.slow
@EVERY_SYSTEM
def test_bare_loops_are_loops_over_their_layers(name):
    dims = {"audio": 3, "face": 4, "text": 5}
    bare = BareSdt(dims, size=16) if name == "sdt" else BARE[name](dims)
    batch = dialogues(2, 6, seed=1, dims=dims).batch(torch.arange(2))
    logits = bare(batch)
    assert logits.shape == (*batch.mask.shape, 6)
    bare_loss(logits, batch).backward()
    assert [key for key, value in bare.named_parameters() if value.grad is None] == []


def test_the_table_in_the_docs_is_the_measured_one():
    shown = (ROOT / "docs" / "models.md").read_text(encoding="utf-8").split(START)[1].split(END)[0].strip()
    measured = read()["authors"]
    assert shown == page_block(measured)
    for name, found in measured["systems"].items():
        assert found["difference"] <= EQUAL, name
        assert found["ours"] < found["theirs"], name
        assert found["ours"] <= 3 * found["bare"], name
