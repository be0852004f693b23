"""`emotion import` and `emotion export`: the field's feature files, in and out."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from emotion.corpus.iemocap import LABELS

app = typer.Typer()


@app.command("import")
def import_command(
    file: Annotated[
        Path, typer.Argument(help="The feature pickle (a tuple of 9 to 12 items), or a .npz or Parquet file.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for index.csv, features/<modality>.h5 and import.json.")],
    label_names: Annotated[
        str, typer.Option(help="Names of the classes 0, 1, 2, ... of the file, separated by commas.")
    ] = ",".join(LABELS),
    split: Annotated[
        Literal["paper", "cosmic", "file"] | None,
        typer.Option(
            help="Which dialogues, of those not for testing, are for validation: paper | cosmic (lists of IEMOCAP "
            "dialogues) | file (the file's own list; where it has none, a tenth, drawn with a fixed seed). Default: "
            "paper for pickles, file for others."
        ),
    ] = None,
    text_block: Annotated[
        Literal["mean", "1", "2", "3", "4", "concat"],
        typer.Option(help="Of four RoBERTa blocks. No effect on other files."),
    ] = "mean",
) -> None:
    """Turn a feature file into feature caches.

    It reads the files that the code of DialogueRNN, MMGCN and COSMIC reads, for IEMOCAP and for MELD, but not COSMIC's
    commonsense features. Nothing in the file is run: only numpy arrays, numbers, text and plain containers are read, in
    a process of their own with limits of memory and time. The .npz and Parquet files that `emotion export` writes come
    back with the same values, speakers, times and classes.

    Its test dialogues stay test dialogues. A file without any is fine: `emotion study` then scores on validation.

    An utterance without a vector, or without any finite value in it, counts as missing in that modality. Single values
    that are not finite or absurdly large become the mean of their dimension over the training utterances of this split;
    these include the sessions that a later leave-one-session-out study tests on. import.json counts both.

    For example:

        emotion import IEMOCAP_features.pkl --out features/iemocap --split paper
        emotion study --features features/iemocap --out studies/iemocap
    """
    from emotion.exchange.importing import import_features

    names = [name.strip() for name in label_names.split(",")]
    import_features(file, out=out, label_names=names, split=split or "", text_block=text_block)


@app.command("export")
def export_command(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    features: Annotated[Path, typer.Option(help="Folder with index.csv and features/*.h5.")] = Path("data"),
    form: Annotated[
        Literal["dialoguernn", "mmsa", "npz", "parquet"],
        typer.Option(
            "--format",
            help="dialoguernn = the tuple of 9 that most code reads; mmsa = the dict of MMSA; npz, parquet = a table.",
        ),
    ] = "dialoguernn",
) -> None:
    """Write features for other code.

    dialoguernn is the tuple of 9 that most code of the field reads (ids, speakers, labels, text, audio, visual,
    sentences, train, test), as a pickle; validation dialogues are among those for training. mmsa is the pickle of
    splits that MMSA's loaders read. npz and parquet are tables with a row per utterance, which `emotion import` reads
    back. Labels of the test set are in all of them.

    Features from `emotion import` get their own ids, dialogues and speakers back. Values that were filled in and
    RoBERTa blocks that were merged stay so.

    For example:

        emotion export --format dialoguernn --out IEMOCAP_features.pkl
        emotion export --format parquet --out features.parquet
    """
    from emotion.exchange.exporting import export_features

    export_features(features, out=out, form=form)
