"""Where the speaker is, as people and tables write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.corpus.sides import box_of, tidy_side


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("left", "left"),
        (" FULL ", "full"),
        ("box 0 0 1 1", "box 0 0 1 1"),
        ("Box  .25 0,5 0.50 1.0", "box 0.25 0.5 0.5 1"),
        ("box 0.123456 0 0.9 0.5", "box 0.1235 0 0.9 0.5"),
        ("box 0.5 0 0.5 1", None),
        ("box 0.5 0 0.50001 1", None),
        ("box 0 1 1 0", None),
        ("box 0 0 1.2 1", None),
        ("box 0 0 1", None),
        ("box 0 0 1 1 1", None),
        ("box -0.1 0 1 1", None),
        ("box nan 0 1 1", None),
        ("box 0 0 320 240", None),
        ("box", None),
        ("", None),
        ("top", None),
    ],
)
def test_one_spelling(text, side):
    assert tidy_side(text) == side
    assert side is None or tidy_side(side) == side


FRACTION = st.floats(0, 1)


@given(FRACTION, FRACTION, FRACTION, FRACTION)
def test_a_box_is_read_back(left, top, right, bottom):
    side = tidy_side(f"box {left:.6f} {top:.6f} {right:.6f} {bottom:.6f}")
    if side is None:
        assert right - left < 1e-4 or bottom - top < 1e-4
    else:
        assert box_of(side) == pytest.approx((left, top, right, bottom), abs=1e-4)
        assert tidy_side(side) == side


def test_words_have_no_edges():
    assert [box_of(side) for side in ("left", "right", "full")] == [None] * 3
