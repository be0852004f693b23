"""`emotion fetch`: what is not part of the project and is downloaded only when somebody asks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from emotion.core.assets import Asset

app = typer.Typer(
    no_args_is_help=True,
    help="""Download what is not part of the project.

    Nothing else downloads these files.

    For example:

        emotion fetch yunet
        emotion fetch light-asd
    """,
)


File = Annotated[Path | None, typer.Option("--from", help="A copy of the file: no network is used.")]
Folder = Annotated[Path | None, typer.Option("--from", help="A folder with copies of the files: no network is used.")]


@app.command("yunet")
def yunet(source: File = None) -> None:
    """Fetch YuNet, a detector of faces (230 kB, MIT).

    It comes from the Hugging Face hub and is checked by its sha256. It is kept
    in the assets folder of the Hugging Face cache, once for all projects.

    On a machine without a network: download the file
    face_detection_yunet_2026may.onnx of OpenCV Zoo elsewhere, and name it with
    --from.

    For example:

        emotion fetch yunet
        dvc exp run -S face.detector=yunet
    """
    from emotion.media.yunet import YUNET

    _fetch(YUNET, source, use="dvc exp run -S face.detector=yunet")


@app.command("light-asd")
def light_asd(source: File = None) -> None:
    """Fetch Light-ASD, which tells which face speaks (4 MB, MIT).

    It comes from its authors' repository on GitHub and is checked by its
    sha256. `emotion predict` then uses it. Without it who speaks is guessed by
    the mouth, and marked as unsure.

    On a machine without a network: download weight/finetuning_TalkSet.model of
    github.com/Junhua-Liao/Light-ASD elsewhere, and name it with --from.

    For example:

        emotion fetch light-asd
        emotion predict talk.mp4 --model models/packed --out runs/talk
    """
    from emotion.conversation.weights import LIGHT_ASD

    _fetch(LIGHT_ASD, source, use="emotion predict talk.mp4 --model DIR --out OUT")


@app.command("asr-tiny")
def asr_tiny(source: Folder = None) -> None:
    """Fetch Whisper tiny.en, which hears English words (78 MB, MIT).

    It is the copy for faster-whisper (pip install '.[video]'), comes from the
    Hugging Face hub and is checked by its sha256. `emotion predict` then uses
    it for --asr tiny.en, its default.

    On a machine without a network: download config.json, model.bin,
    tokenizer.json and vocabulary.txt of Systran/faster-whisper-tiny.en
    elsewhere into one folder, and name that with --from.

    For example:

        emotion fetch asr-tiny
        emotion predict talk.mp4 --model models/packed --out runs/talk
    """
    from emotion.conversation.weights import ASR_TINY

    _fetch(ASR_TINY, source, use="emotion predict talk.mp4 --model DIR --out OUT")


@app.command("base")
def base(source: Folder = None) -> None:
    """Fetch hub:base, a model of three open checkpoints (1.2 GB).

    Audio, face and text are classified by checkpoints that others trained on
    recordings, pictures and texts of people; their probabilities are joined
    into seven emotions and averaged. Nobody has measured how good that is.
    Recordings of IEMOCAP are refused: its audio head was trained there.

    On a machine without a network: download superb/wav2vec2-base-superb-er,
    dima806/facial_emotions_image_detection and SamLowe/roberta-base-go_emotions
    elsewhere into DIR/audio, DIR/face and DIR/text, and name DIR with --from.

    For example:

        emotion fetch base
        emotion predict talk.mp4 --model hub:base --out runs/talk
    """
    from emotion.bundle.base import fetch
    from emotion.bundle.card import BASE
    from emotion.core.text import printable

    folder = printable(str(fetch(source)))
    typer.echo(f"{folder}: in order; use it: emotion predict talk.mp4 --model {BASE} --out OUT")


def _fetch(asset: "Asset", source: Path | None, *, use: str) -> None:
    from emotion.core.text import printable

    typer.echo(f"{printable(str(asset.fetch(source)))}: in order ({', '.join(asset.files)}); use it: {use}")
