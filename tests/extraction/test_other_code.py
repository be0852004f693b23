"""Unfinished work that other code began is done again."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from extraction.test_features import extract, read

from emotion.core import closure
from emotion.extraction import features
from emotion.extraction.provenance import code_of
from emotion.fusion import train
from emotion.predict.talk import Listening, key_of


@pytest.mark.parametrize("edited", [False, True])
def test_unfinished_work_of_other_code_is_not_mixed_in(tmp_path, monkeypatch, edited):
    seen = []

    def noted(row):
        if len(seen) == 30:
            raise KeyboardInterrupt
        seen.append(row.turn)
        return read(row)

    with pytest.raises(KeyboardInterrupt):
        extract(tmp_path, reader=noted, per_batch=1)
    if edited:
        monkeypatch.setattr(features, "code_of", lambda modality: "another")
    first, seen[:] = set(seen), []
    extract(tmp_path, reader=lambda row: seen.append(row.turn) or read(row), per_batch=1)
    assert (set(seen) == set(range(50))) is edited and (first < set(seen)) is edited


@pytest.mark.parametrize(
    ("edited", "changes"),
    [
        ("emotion/encoders/text.py", {"text"}),
        ("emotion/fusion/models/cmn.py", {"cmn"}),
        ("emotion/extraction/fitting.py", {"audio", "text"}),
        ("emotion/fusion/train.py", {"cmn", "fusion"}),
        ("emotion/conversation/turns.py", {"turns"}),
        ("emotion/predict/media.py", {"turns"}),
        ("emotion/page/study.py", set()),
    ],
)
def test_an_edit_names_the_work_of_what_uses_it_anew(monkeypatch, edited, changes):
    def digests():
        own = {m: code_of(m) for m in ("audio", "text")} | {m: train._code(m) for m in ("cmn", "fusion")}
        return own | {"turns": key_of(SimpleNamespace(path=Path("a.wav"), digests=("0" * 64,)), Listening())}

    before, read_code = digests(), closure.read_code
    monkeypatch.setattr(
        closure,
        "read_code",
        lambda path: replace(read_code(path), digest="new") if path.as_posix().endswith(edited) else read_code(path),
    )
    assert {name for name, digest in digests().items() if digest != before[name]} == changes
