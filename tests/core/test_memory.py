import platform
import resource

import numpy as np
import psutil
import pytest

from emotion.core.memory import at_most, give_back


def test_more_than_the_limit_is_an_error_and_afterwards_all_is_as_before():
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(MemoryError), at_most(256 << 20):
        np.ones(1 << 30, dtype=np.uint8)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    with at_most(256 << 20):
        assert np.ones(1 << 20, dtype=np.uint8).sum() == 1 << 20


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator gives back by itself, or never")
def test_what_was_freed_is_given_back_though_something_lies_above_it():
    large, small = [], []
    for _ in range(2000):  # too small to be places of their own for the allocator, too large for Python's
        large.append(np.ones(100_000, np.uint8))
        small.append(np.ones(2_000, np.uint8))
    full = psutil.Process().memory_info().rss
    large.clear()
    give_back()
    assert full - psutil.Process().memory_info().rss > 100 << 20
    assert sum(map(len, small)) == 4_000_000
