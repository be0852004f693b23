import pytest

from emotion.extraction.fit_time import spoken


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (80, "80 s"), (600, "10 min"), (9000, "2.5 h")])
def test_spoken(seconds, words):
    assert spoken(seconds) == words
