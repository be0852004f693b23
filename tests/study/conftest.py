import pytest
from planted_study import plant

from emotion.study import pictures


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("features"))


@pytest.fixture
def no_pictures(monkeypatch):
    """They take most of the time where runs are this small."""
    for name in ("study_figure", "reliability_figure", "missing_figure"):
        monkeypatch.setattr(pictures, name, lambda *_, **__: None)
    monkeypatch.setattr(pictures, "png", lambda _: b"")
