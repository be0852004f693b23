"""Small random checkpoints of the architectures, heads and class names that `hub:base` is made of."""

import torch
import transformers as hf
from encoders import checkpoints

GO_EMOTIONS = (
    "admiration amusement anger annoyance approval caring confusion curiosity desire disappointment disapproval "
    "disgust embarrassment excitement fear gratitude grief joy love nervousness optimism pride realization relief "
    "remorse sadness surprise neutral"
)
NAMES = {
    "audio": ["neu", "hap", "ang", "sad"],
    "face": ["sad", "disgust", "angry", "neutral", "fear", "surprise", "happy"],
    "text": GO_EMOTIONS.split(),
}
OPTIONS = {
    "audio": {"use_weighted_layer_sum": True},
    "face": {},
    "text": {"problem_type": "multi_label_classification"},
}
KINDS = {
    "audio": ("wav2vec2", checkpoints.AUDIO, hf.Wav2Vec2ForSequenceClassification),
    "face": ("vit", checkpoints.FACE, hf.ViTForImageClassification),
    "text": ("roberta", checkpoints.TEXT, hf.RobertaForSequenceClassification),
}


def plant(folder, **names):
    """Folders `audio`, `face` and `text`; `names` are other classes than theirs."""
    for modality, (family, makes, kind) in KINDS.items():
        torch.manual_seed(0)
        place = makes[family](folder / modality)
        classes = dict(enumerate((NAMES | names)[modality]))
        config = hf.AutoConfig.from_pretrained(
            place, id2label=classes, label2id={name: number for number, name in classes.items()}, **OPTIONS[modality]
        )
        model = kind(config)
        checkpoints.written(place, model)
        if modality == "audio":  # as on the hub: not safetensors
            (place / "model.safetensors").unlink()
            torch.save(model.state_dict(), place / "pytorch_model.bin")
    return folder
