"""The annotated video: a box around the face of who speaks, a line for who is not seen, the warning always."""

import av
import numpy as np
import pytest
from drawn_face import draw_face, needs_haar
from predict.planted_talk import plant_sound, plant_video
from timeline.planted_timeline import emotion, planted

from emotion.page.annotated import NAME, Annotator, write_video
from emotion.page.transcode import transcode
from emotion.predict.media import look
from emotion.predict.run import Finished
from emotion.timeline.timeline import Turn

FACE, CENTRE = draw_face(240)
PICTURE = np.repeat(np.concatenate([FACE, np.full((240, 200), 90, np.uint8)], axis=1)[..., None], 3, axis=2)


def talk(**changes):
    """Anna speaks on the left, Ben is not seen."""
    anna = Turn(start=1, end=2, speaker="Anna", side="left", emotion=emotion(0.6, 0.2, 0.2))
    ben = Turn(start=3, end=4, speaker="Ben", absent={"face": "not seen"}, emotion=emotion(0.2, 0.6, 0.2))
    return planted(turns=(anna, ben), warnings=(), **changes)


def drawn(timeline, *times, detector="haar"):
    """Where something was drawn at each time: (height, width) bool."""
    draw, found = Annotator(timeline, detector=detector), []
    for time in times:
        picture = PICTURE.copy()
        draw(picture, time)
        found.append((picture != PICTURE).any(axis=2))
    return found


@needs_haar
def test_who_speaks_has_a_box_and_who_is_not_seen_a_line():
    silence, anna, ben = drawn(talk(), 0.5, 1.5, 3.5)
    assert not silence.any()
    x, y = (round(value) for value in CENTRE)
    assert anna[y, :x].any() and anna[y, x : 2 * x].any() and anna[:y, x].any()  # edges around the centre
    assert not anna[y - 20 : y + 20, x - 20 : x + 20].any() and not anna[:100, 260:].any()
    assert ben[200:].any() and not ben[:120].any()


def test_without_faces_the_name_stands_below():
    (anna,) = drawn(talk(), 1.5, detector="none")
    assert anna[200:].any() and not anna[:120].any()


def test_the_warning_is_in_every_picture():
    warned = planted(turns=(), warnings=("made by a model of drawn faces", "and more"))
    first, later = drawn(warned, 0.0, 9.0, detector="none")
    assert first[:20].any() and later[:20].any() and first.sum() > later.sum()


def test_the_file_plays_and_is_the_same_again(tmp_path):
    film = plant_video(tmp_path / "film.mp4", seconds=1)
    made = [write_video(Finished(talk(), look(film), "none", 0.7, tmp_path)).read_bytes() for _ in range(2)]
    assert made[0] == made[1]
    with av.open(str(tmp_path / NAME)) as container:
        (video,) = container.streams
        assert (video.codec_context.name, video.width, video.height) == ("h264", 440, 240)
        assert sum(1 for _ in container.decode(video)) == 15


def test_sound_alone_has_none(tmp_path, caplog):
    sound = plant_sound(tmp_path / "talk.wav", seconds=1)
    assert write_video(Finished(talk(), look(sound), "haar", 0.7, tmp_path)) is None
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize(("turn", "pixel", "shape"), [(90, 1, (64, 48)), (0, 2, (48, 128))])
def test_pictures_are_upright_with_square_pixels(tmp_path, turn, pixel, shape):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = pixel
        stream.set_display_rotation(turn)
        grey = np.zeros((48, 64), np.uint8)
        grey[:, :32] = 255  # white at the left
        container.mux([*stream.encode(av.VideoFrame.from_ndarray(grey, format="gray")), *stream.encode(None)])
    transcode(tmp_path / "a.mp4", None, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="gray")
    assert frame.shape == shape
    white = frame[-8:].mean() if turn else frame[:, :16].mean()  # a quarter turn counter-clockwise: left is below
    assert white > 200 > 60 > (frame[:8].mean() if turn else frame[:, -16:].mean())
