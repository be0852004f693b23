"""`emotion fetch`: what is not part of the project and is downloaded only when somebody asks."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="""Download what is not part of the project.

    Nothing else downloads these files.

    For example:

        emotion fetch yunet
    """,
)


@app.command("yunet")
def yunet(
    source: Annotated[Path | None, typer.Option("--from", help="A copy of the file: no network is used.")] = None,
) -> None:
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
    from emotion.core.text import printable
    from emotion.media.yunet import fetch

    typer.echo(f"{printable(str(fetch(source)))}: in order; use it: dvc exp run -S face.detector=yunet")
