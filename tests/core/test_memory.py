import resource

import numpy as np
import pytest

from emotion.core.memory import at_most


def test_more_than_the_limit_is_an_error_and_afterwards_all_is_as_before():
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(MemoryError), at_most(256 << 20):
        np.ones(1 << 30, dtype=np.uint8)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    with at_most(256 << 20):
        assert np.ones(1 << 20, dtype=np.uint8).sum() == 1 << 20
