"""`emotion predict`: who says what, when, and what it looks and sounds most like, in recordings of one's own."""

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()

_FORMATS = "csv,json,vtt,srt,eaf,textgrid,html"


@app.command("predict")
def predict_command(
    media: Annotated[list[Path], typer.Argument(help="Sound or video files, or folders of them.")],
    model: Annotated[
        Path, typer.Option(help="The folder of a packed model (emotion model pack), or hub:base (emotion fetch base).")
    ],
    out: Annotated[Path, typer.Option(help="Folder for timeline.csv and the others; of several recordings, theirs.")],
    transcript: Annotated[
        Path | None,
        typer.Option(
            help="What is said: .srt, .vtt, .json (whisperX), .rttm, .csv, .eaf or .TextGrid; or their folder."
        ),
    ] = None,
    sound: Annotated[
        Path | None, typer.Option(help="File with the sound, where the video has none; or a folder of such files.")
    ] = None,
    speakers: Annotated[int | None, typer.Option(min=1, help="How many people speak.")] = None,
    asr: Annotated[str, typer.Option(help="Speech to text: name or folder of a Whisper model, or none.")] = "tiny.en",
    language: Annotated[str, typer.Option(help="Code of the language, e.g. en; without it as it sounds.")] = "",
    download: Annotated[bool, typer.Option("--download", help="Fetch the Whisper model if it is not here.")] = False,
    faces: Annotated[Literal["auto", "none"], typer.Option(help="Whether faces are looked at.")] = "auto",
    light_asd: Annotated[
        Path | None, typer.Option(help="Light-ASD's weights: which face speaks; without it the fetched ones, if any.")
    ] = None,
    formats: Annotated[
        str, typer.Option(help="Some of them, or mp4 (annotated video), with commas between.")
    ] = _FORMATS,
    demo: Annotated[
        bool, typer.Option("--demo", help="Show how it works with a model of the generated corpus; means nothing.")
    ] = False,
) -> None:
    """Write who says what in a recording, with which emotion.

    It is the emotion that a turn looks and sounds most like, not what anybody feels: not for decisions about people.
    Without a transcript it listens (faster-whisper: pip install '.[video]') and watches who speaks. report.html is the
    page: the recording with a lane for each speaker; annotated.mp4 (mp4) is made when you ask for it.
    emotion fetch asr-tiny and emotion fetch light-asd get the weights for listening and watching.

    A transcript without words, such as .rttm, says who speaks; the words are heard then, unless --asr is none. Several
    recordings have theirs in a folder, under the same names: a.srt for a.mp4.

    A model that was trained on the generated corpus refuses other recordings (exit code 3), unless --demo is given:
    then every file that is written says so. After an interrupt the same command goes on.

    For example:

        emotion predict talk.mp4 --model models/packed --out runs/talk
        emotion predict a.mp4 --model models/packed --out a --transcript a.srt
    """
    from emotion.page.timeline import EXTRAS
    from emotion.predict.run import predict
    from emotion.predict.talk import Listening

    how = Listening(
        transcript=transcript,
        speakers=speakers,
        asr=asr,
        language=language,
        download=download,
        light_asd=light_asd,
    )
    wanted = [form.strip().lower() for form in formats.split(",") if form.strip()]
    if not wanted:
        raise typer.BadParameter(f"none is named, expected some of {_FORMATS},mp4", param_hint="--formats")
    predict(
        media,
        model=model,
        out=out,
        how=how,
        faces=faces == "auto",
        sound=sound,
        formats=wanted,
        extras=EXTRAS,
        demo=demo,
    )
