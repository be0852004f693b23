"""Pages of made-up data as files, and a browser for all tests of this folder."""

import pytest
from page.browser import Watched
from page.planted_page import page_data, study_data
from timeline.planted_timeline import planted

from emotion.page.build import page_text
from emotion.page.timeline import timeline_data


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """written(data) -> the address of its page."""
    folder = tmp_path_factory.mktemp("pages")

    def write(data):
        path = folder / f"{len(list(folder.iterdir()))}.html"
        path.write_text(page_text(data), encoding="utf-8")
        return path.as_uri()

    return write


@pytest.fixture(scope="session")
def small(written):
    """A page of 120 utterances without media."""
    return written(page_data())


@pytest.fixture(scope="session")
def study(written):
    return written(study_data())


@pytest.fixture(scope="session")
def timeline(written):
    """The page of a timeline without its recording."""
    return written(timeline_data(planted()))


@pytest.fixture
def tab(browser):
    """tab(**options) -> a watched tab; at the end it must have logged no error and asked for nothing."""
    opened = []

    def new(**options):
        opened.append(Watched(browser, **options))
        return opened[-1]

    yield new
    for watched in opened:
        errors, strangers = watched.errors, watched.strangers()
        watched.close()
        assert errors == [] and strangers == []
