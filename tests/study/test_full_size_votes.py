"""A tree as large as IEMOCAP's release, its ambiguous utterances included: from the raters' files to the page."""

import numpy as np
import pytest
import release_tree
from planted_corpus import DIMS, write_cache
from planted_study import conduct, rows_of

from emotion.corpus.index import index_corpus
from emotion.corpus.utterance import read_index
from emotion.evaluation.annotators import read_votes
from emotion.fusion.recipes import read_recipe
from emotion.page.study import study_data

pytestmark = pytest.mark.full
NOISE = 3.0  # of features whose classes lie about 2 apart


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """Index, votes, and features that lie where the raters' distribution is."""
    folder = tmp_path_factory.mktemp("full")
    release_tree.write(folder / "raw", media=False)
    out = folder / "data" / "index.csv"
    how = {"corpus": "iemocap", "root": folder / "raw", "label_rule": "released", "split": "paper"}
    index_corpus(**how, out=out, annotators=out.with_name("annotators.csv"), ambiguous=True)
    index = read_index(out, test_labels=True)
    votes, rng = read_votes(out.with_name("annotators.csv"), index.labels), np.random.default_rng(0)
    mean = np.array([_distribution(row, votes, index.labels) for row in index.utterances])
    (out.parent / "features").mkdir()
    for name, dim in DIMS.items():
        values = mean @ (2 * rng.normal(size=(6, dim))) + NOISE * rng.normal(size=(len(mean), dim)) / np.sqrt(dim)
        present = np.ones(len(mean), dtype=bool)
        path = out.parent / "features" / f"{name}.h5"
        write_cache(path, index.utterances, values.astype(np.float32), present, digest=index.digest)
    return out.parent, index


def _distribution(row, votes, labels):
    """Of the raters; of the class alone where no outside rater names one."""
    if row.utterance in votes.tables:
        return votes.tables[row.utterance].mean(0)
    return np.eye(len(labels))[labels.index(row.label)]


def test_every_rated_utterance_counts(features, tmp_path):
    data, index = features
    ambiguous = [row for row in index.utterances if not row.label]
    assert len(index.utterances) - len(ambiguous) == 7433 and len(ambiguous) > 2000
    found = {}
    for target in ("majority", "votes"):
        made = read_recipe("fusion", changes={"target": target, "epochs": 8, "hidden": 32})
        out = conduct(data, tmp_path / target, models=["fusion"], recipe=lambda model, made=made: made, seeds=1)
        found[target] = {(line["utterances"], line["model"]): line for line in rows_of(out / "votes.csv")}
        gaps = rows_of(out / "gaps.csv")
        assert [line["group"] for line in gaps if line["by"] == "gender"][:2] == ["F", "M"]
        assert float(gaps[0]["difference_ci_low"]) < float(gaps[0]["difference"]) < float(gaps[0]["difference_ci_high"])
        titles = [table["title"].split(":")[0] for table in study_data(out)["tables"]]
        assert {"Against the raters", "Gaps between genders, speakers and sessions"} <= set(titles)
    for part in ("all rated", "ambiguous"):
        ours, theirs = found["votes"][part, "fusion"], found["majority"][part, "fusion"]
        assert int(ours["n"]) == int(theirs["n"]) > 300
        for name in ("cross_entropy", "js_distance"):
            assert float(ours[f"{name}_ci_high"]) < float(theirs[f"{name}_ci_low"]), (part, name)
