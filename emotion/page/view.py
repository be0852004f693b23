"""What `emotion view` serves: a run with its media by address, or a study."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette

from emotion.page import serve
from emotion.page.against import compare
from emotion.page.data import gather, open_strips, with_strips
from emotion.page.files import read_run
from emotion.page.study import check_folder, is_study, study_data


@contextmanager
def application(folder: Path, *, against: str = "", port: int) -> Iterator[Starlette]:
    """The application for a folder; its caches stay open meanwhile.

    Args:
        folder: of a run or a study.
        against: another run, see `against.compare`; '' = none.
        port: on which it is served.

    Raises:
        EmotionError: the run is not finished, or a file is damaged.
    """
    check_folder(folder, against=against)
    if is_study(folder):
        yield serve.application(study_data(folder), port=port)
        return
    found = gather(read_run(folder))
    strips = open_strips(found)
    try:
        shown = found if strips is None else with_strips(found, strips)
        data = serve.addressed(shown) | {"against": compare(found, against) if against else None}
        names = tuple(row.utterance for row in found.run.index.utterances)
        yield serve.application(data, port=port, media=found.media, strips=strips, names=names)
    finally:
        if strips is not None:
            strips.close()
