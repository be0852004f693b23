"""What goes into a paper: true, whole, and the same bytes every time."""

import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from planted_study import conduct, plant

from emotion.core.drawing import pdf
from emotion.core.latex import latex_text
from emotion.encoders.catalogue import ENTRIES
from emotion.evaluation import significance
from emotion.fusion.models.registry import NAMES
from emotion.study import citing
from emotion.study.for_paper import best


def test_whatever_can_be_used_can_be_cited():
    known = citing.entries()
    for name in NAMES:
        assert citing.of_model(name) and set(citing.of_model(name)) <= known.keys(), name
    for entry in ENTRIES:
        assert set(citing.of_family(entry.family)) <= known.keys() and citing.of_family(entry.family), entry
    cited = {*citing.ENSEMBLE, *citing.TUNING, *citing.BOOTSTRAP, *citing.HOLM}
    assert cited | {*citing.of_corpus("iemocap"), *citing.of_corpus("meld")} <= known.keys()
    assert citing.of_family("egemaps") == ("egemaps", "egemaps-ref2")
    assert "title = {{DINOv2: learning robust visual features without supervision}}" in known["dinov2"]
    assert "author = {Oquab and others}" in known["dinov2"] and "year = {2023}" in known["dinov2"]
    for key, text in known.items():
        assert text.count("{") == text.count("}") and "title = {" in text and "author = {" in text, key
        assert "year = {" in text or key == "gao_guo", key  # the paper's is not known


def test_an_encoder_is_known_by_what_its_cache_says():
    assert citing.family_of({"encoder": "paper"}) == "ours"
    assert (
        citing.family_of({"encoder": "x", "settings": '{"encoder": {"config": {"model_type": "hubert"}}}'}) == "hubert"
    )
    assert citing.family_of({"encoder": "imported"}) == citing.family_of({"settings": "["}) == ""


def row(name, right, *, dialogues=20, seed=0):
    """A model that names so many of 200 utterances right."""
    rng = np.random.default_rng(seed)
    actual = rng.integers(2, size=200)
    wrong = rng.permutation(200)[: 200 - right]
    predicted = actual.copy()
    predicted[wrong] = 1 - predicted[wrong]
    groups = [f"d{k % dialogues:02}" for k in range(200)]
    return name, significance.tally(actual, predicted[None], classes=2, groups=groups)


def test_bold_only_where_the_paired_interval_says_so():
    assert best(dict([row("worse", 120), row("good", 180), row("middle", 140)])) == "good"
    assert best(dict([row("good", 180), row("as good", 179)])) == ""
    assert best(dict([row("few", 180, dialogues=5), row("worse", 100, dialogues=5)])) == ""  # no interval
    assert best(dict([row("alone", 180)])) == ""


def test_foreign_text_is_no_command():
    assert latex_text(r"50% of a_b & {c} \d ~ #1 $x$ ± ^") == (
        r"50\% of a\_b \& \{c\} \textbackslash{}d \textasciitilde{} \#1 \$x\$ $\pm$ \textasciicircum{}"
    )


@pytest.mark.slow
def test_a_picture_has_the_same_bytes_every_time():
    def drawn():
        figure = Figure()
        figure.add_subplot().plot([1, 2])
        return pdf(figure)

    assert drawn() == drawn() and drawn().startswith(b"%PDF") and b"CreationDate" not in drawn()


@pytest.mark.slow
def test_the_folder_of_a_study(features, tmp_path):
    options = {"models": ["fusion", "speaker_fusion"], "seeds": 1, "epochs": 1, "ablate": ["attention"]}
    out = conduct(features, tmp_path / "one", **options, missing=True) / "paper"
    names = {path.name for path in out.iterdir()}
    assert names == {"study.tex", "methods.tex", "references.bib", "study.pdf", "reliability.pdf", "missing.pdf"}
    table, text, bib = ((out / name).read_text() for name in ("study.tex", "methods.tex", "references.bib"))
    assert table.count(r"\begin{table}") == table.count(r"\end{table}") == 2
    lines = [line for line in table.splitlines() if line.endswith(r"\\")]
    assert len(lines) == 5 and {line.count("&") for line in lines} == {6} and r"speaker\_fusion" in lines[2]
    for content in (table, text, bib):
        assert content.count("{") == content.count("}")
    counts = [len(plant_rows) for plant_rows in (read(features, "train"), read(features, "test"))]
    assert f"{counts[0]} utterances in" in text and f"{counts[1]} utterances in" in text
    assert "1 seed for 1 epoch at most" in text and "Test labels were read once" in text
    cited = {key for keys in re.findall(r"cite{([^}]*)}", text) for key in keys.split(",")}
    assert cited == set(re.findall(r"@\w+{([\w-]+),", bib)) and "gao_guo" in cited
    again = conduct(plant(tmp_path / "features"), tmp_path / "two", **options) / "paper"
    assert {path.name for path in again.iterdir()} == names - {"missing.pdf"}
    for path in again.iterdir():
        assert path.read_bytes() == (out / path.name).read_bytes(), path.name


def read(features, split):
    from emotion.corpus.utterance import read_index

    return [row for row in read_index(features / "index.csv").utterances if row.split == split]
