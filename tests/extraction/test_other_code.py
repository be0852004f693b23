"""Unfinished work that other code began is done again."""

import pytest
from extraction.test_features import extract, read

from emotion.extraction import features


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
