"""What every fusion model is given, and what it gives."""

from collections.abc import Callable, Mapping

from torch import Tensor, nn


class FusionModel(nn.Module):
    """Base of the fusion models.

    Each is made with `dims`, the features per modality in the order of the columns of `present`; `classes`, how many
    emotions there are; and sizes of its own.

    Attributes:
        modalities: names of the modalities, in the same order.
        words: those that it reads word by word.
    """

    modalities: tuple[str, ...]
    words: tuple[str, ...] = ()

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """Classify every utterance of every sequence.

        Args:
            features: per modality (b, u, d_m) float; of those in `words` also `<modality>/words` (b, u, t, d_m) float
                and `<modality>/count` (b, u) long.
            present: (b, u, m) bool, False = that modality is missing.
            speakers: (b, u) long, who speaks.
            mask: (b, u) bool, real utterances first.

        Returns:
            Logits, (b, u, classes); meaningless where `mask` is False.
        """
        raise NotImplementedError

    def prepare(self, features: Mapping[str, Tensor], present: Tensor) -> None:
        """Learn what needs no gradients, before training: from the training utterances, without their labels.

        Args:
            features: per modality (n, d_m) float, 0 where missing.
            present: (n, m) bool.
        """

    def loss(self, outputs: Tensor, score: Callable[[Tensor], Tensor]) -> Tensor:
        """What is minimised. A model with further losses gives more than logits while training, and has its own.

        Args:
            outputs: what `forward` gave while training, at the `n` utterances that are scored, (..., n, classes).
            score: logits (n, classes) -> the sum of their losses against the labels, as the settings want it.

        Returns:
            The sum over the utterances, a scalar.
        """
        return score(outputs)
