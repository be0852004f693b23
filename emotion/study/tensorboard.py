"""The training curves of a study's runs for TensorBoard (extra `tensorboard`); no test score is in them.

OUT/runs/fusion-seed1-....npz  ->  OUT/tensorboard/fusion-seed1-.../events.out.tfevents.0

The same run gives the same bytes: an epoch's time is its number, and no name of a machine is in the file's.
"""

from pathlib import Path
from typing import Final

from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.core.files import writing
from emotion.core.text import shortened
from emotion.study.plan import Run
from emotion.study.run import read_result

_FOLDER: Final = "tensorboard"
_TAGS: Final = ("loss/training", "loss/validation", "weighted F1/validation")  # columns of `run.Result.curve`
_FILE: Final = "events.out.tfevents.0"
_VERSION: Final = "brain.Event:2"  # of the format, in the first record


def check_installed() -> None:
    """Raise EmotionError where TensorBoard is not installed."""
    try:
        import tensorboard.summary.writer.record_writer  # noqa: F401
    except ImportError as error:
        raise EmotionError(
            f"--log tensorboard needs tensorboard, which is not installed or not whole ({shortened(str(error))}): "
            "pip install '.[tensorboard]' where the project is"
        ) from None


def write_events(run: Run) -> Path | None:
    """Write a finished run's curve, and return its file; None where it cannot be, which is a warning.

    The curve is in the run's own file, too, so the same call writes it later.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    result = read_result(run.path)
    if result is None:
        return None
    events = [Event(file_version=_VERSION)]
    for epoch, values in enumerate(result.curve.tolist(), start=1):
        points = [Summary.Value(tag=tag, simple_value=value) for tag, value in zip(_TAGS, values, strict=True)]
        events.append(Event(wall_time=epoch, step=epoch, summary=Summary(value=points)))
    path = run.path.parent.parent / _FOLDER / run.path.stem / _FILE
    try:
        with writing(path) as partial, partial.open("wb") as file:
            writer = RecordWriter(file)
            for event in events:
                writer.write(event.SerializeToString())
    except EmotionError as error:
        logs.warning(f"warning: no curve for TensorBoard: {error}")
        return None
    return path
