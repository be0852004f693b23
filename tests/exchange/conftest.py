import pytest

from emotion.exchange import importing
from emotion.exchange.table_file import read_any


@pytest.fixture
def in_process(monkeypatch):
    """Imports without the child process, whose start takes longer than a small file."""
    monkeypatch.setattr(
        importing, "read_in_child", lambda path, *, text_block, folder: read_any(path, text_block=text_block)
    )
