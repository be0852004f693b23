"""`emotion import` and `emotion export`: the field's feature pickles, in and out."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from emotion.corpus.iemocap import LABELS

app = typer.Typer()


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="The feature pickle: a tuple of 9 to 12 items.")],
    out: Annotated[Path, typer.Option(help="Folder for index.csv, features/<modality>.h5 and import.json.")],
    label_names: Annotated[
        str, typer.Option(help="Names of the classes 0, 1, 2, ... of the file, with commas.")
    ] = ",".join(LABELS),
    split: Annotated[
        str,
        typer.Option(
            help="Which dialogues, of those not for testing, are for validation: paper | cosmic (lists of IEMOCAP "
            "dialogues) | file (the file's own list; where it has none, a tenth, drawn with a fixed seed)."
        ),
    ] = "paper",
    text_block: Annotated[
        str, typer.Option(help="Of four RoBERTa blocks: mean | 1 | 2 | 3 | 4 | concat. No effect on other files.")
    ] = "mean",
) -> None:
    """Turn a feature pickle into an index and feature caches.

    Known are the layouts that the code of DialogueRNN, MMGCN and COSMIC reads, for IEMOCAP and for MELD.
    COSMIC's commonsense features are other files and are not read.
    Nothing in the file is run: only numpy arrays, numbers, text and plain containers are read.
    Its test dialogues stay test dialogues; a file without any is fine.
    Values that are not finite become their mean over the training utterances of this split, which are also those of
    sessions that a later leave-one-session-out study holds out; import.json counts them.
    For example:

        emotion import IEMOCAP_features.pkl --out features/iemocap --split paper
        emotion study --features features/iemocap --out studies/iemocap
    """
    from emotion.exchange.importing import import_features

    names = [name.strip() for name in label_names.split(",")]
    import_features(file, out=out, label_names=names, split=split, text_block=text_block)
    Console(stderr=True).print(f"imported {file} into {out}", soft_wrap=True, highlight=False, markup=False)


@app.command("export")
def export_command(
    out: Annotated[Path, typer.Option(help="The pickle to write.")],
    features: Annotated[Path, typer.Option(help="Folder with index.csv and features/*.h5.")] = Path("data"),
    form: Annotated[str, typer.Option("--format", help="dialoguernn (the tuple of 9 that most code reads).")] = (
        "dialoguernn"
    ),
) -> None:
    """Write cached features as the pickle that other code of the field reads, labels of the test set included.

    It is always the tuple of 9 (ids, speakers, labels, text, audio, visual, sentences, train, test).
    What `emotion import` has read gets its own ids, dialogues and speakers back, numbers and one-hot vectors included.
    Imputed values stay imputed, RoBERTa blocks merged, and dialogues for validation are among those for training.

    For example:
        emotion export --format dialoguernn --out IEMOCAP_features.pkl
    """
    from emotion.exchange.exporting import export_features

    export_features(features, out=out, form=form)
    Console(stderr=True).print(f"exported {features} to {out}", soft_wrap=True, highlight=False, markup=False)
