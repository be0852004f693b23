import pytest
from planted_study import plant

from emotion.evaluation import comparison_figures
from emotion.study import for_paper, report


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("features"))


@pytest.fixture
def no_pictures(monkeypatch):
    """They take most of the time where runs are this small."""
    for name in ("scores_figure", "reliability_figure", "missing_figure"):
        monkeypatch.setattr(comparison_figures, name, lambda *_, **__: None)
    monkeypatch.setattr(report, "png", lambda _: b"")
    monkeypatch.setattr(for_paper, "pdf", lambda _: b"")
