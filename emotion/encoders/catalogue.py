"""Encoders to choose from: ours, and a checkpoint of each architecture, with what one should know before using it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One encoder.

    Attributes:
        modality: audio, face or text.
        name: what to write as `<modality>.encoder`.
        family: architecture; `ours` of the paper's encoders; `egemaps` and `word_vectors` are no checkpoints either.
        dim: size of the vector without a projection.
        millions: parameters that extraction uses, in millions.
        takes: expected input.
        licence: of the weights, a note only: look at their own page before you publish or sell anything.
    """

    modality: str
    name: str
    family: str
    dim: int
    millions: float
    takes: str
    licence: str

    @property
    def cite(self) -> str:
        """Authors, title, year."""
        return _CITE[self.family]


_SPEECH = "mono speech, 16 kHz, any length; a frame is 20 ms"
_WINDOWS = "mono speech, 16 kHz, in windows of 30 s; a frame is 20 ms"
_BANDS = "mono speech, 16 kHz, any length; a frame is 20 ms of log mel"
_TEXT = "text, at most 512 tokens"
_LONG = "text, at most 8192 tokens"
_CLIP = "face clip, resized to 224 px"
_FRAMES = f"{_CLIP}, face.frames frames one by one"
_MIT, _APACHE, _CC = "MIT", "Apache 2.0", "CC BY-NC 4.0"
_OURS, _WAVLM = "MIT (this code)", "CC BY-SA 3.0 (its card), MIT (its code)"
_OPENSMILE, _OF_FILE = "openSMILE's (audEERING): for research only", "that of the file's vectors"
_UNISPEECH, _CLIP_LICENCE = "CC BY-SA 3.0", "MIT (its code); its card: for research only"

ENTRIES = (
    Entry("audio", "paper", "ours", 128, 0.4, "mono speech at audio.rate, any length", _OURS),
    Entry("face", "paper", "ours", 128, 0.4, "grey clip of face.frames frames", _OURS),
    Entry("text", "scratch", "ours", 300, 0.6, "text, at most 126 tokens", _OURS),
    Entry("audio", "egemaps", "egemaps", 88, 0.0, "mono speech at audio.rate, any length", _OPENSMILE),
    Entry("text", "word_vectors", "word_vectors", 300, 0.0, "text, and a file of vectors: text.vectors", _OF_FILE),
    Entry("audio", "facebook/wav2vec2-base", "wav2vec2", 768, 94.4, _SPEECH, _APACHE),
    Entry("audio", "facebook/hubert-base-ls960", "hubert", 768, 94.4, _SPEECH, _APACHE),
    Entry("audio", "microsoft/wavlm-base-plus", "wavlm", 768, 94.4, _SPEECH, _WAVLM),
    Entry("audio", "microsoft/unispeech-sat-base-plus", "unispeech-sat", 768, 94.4, _SPEECH, _UNISPEECH),
    Entry("audio", "facebook/data2vec-audio-base", "data2vec-audio", 768, 93.2, _SPEECH, _APACHE),
    Entry("audio", "facebook/w2v-bert-2.0", "wav2vec2-bert", 1024, 580.5, _BANDS, _MIT),
    Entry("audio", "openai/whisper-base", "whisper", 512, 20.6, _WINDOWS, _APACHE),
    Entry("face", "MCG-NJU/videomae-base", "videomae", 768, 86.2, f"{_CLIP}, 16 frames", _CC),
    Entry("face", "facebook/timesformer-base-finetuned-k400", "timesformer", 768, 121.3, f"{_CLIP}, 8 frames", _CC),
    Entry("face", "google/vit-base-patch16-224-in21k", "vit", 768, 85.8, _FRAMES, _APACHE),
    Entry("face", "facebook/deit-base-distilled-patch16-224", "deit", 768, 85.8, _FRAMES, _APACHE),
    Entry("face", "microsoft/beit-base-patch16-224", "beit", 768, 85.8, _FRAMES, _APACHE),
    Entry("face", "facebook/dinov2-base", "dinov2", 768, 86.6, _FRAMES, _APACHE),
    Entry("face", "openai/clip-vit-base-patch16", "clip", 768, 85.8, _FRAMES, _CLIP_LICENCE),
    Entry("face", "google/siglip-base-patch16-224", "siglip", 768, 85.8, _FRAMES, _APACHE),
    Entry("text", "FacebookAI/roberta-base", "roberta", 768, 124.1, _TEXT, _MIT),
    Entry("text", "FacebookAI/xlm-roberta-base", "xlm-roberta", 768, 277.5, f"{_TEXT}, 100 languages", _MIT),
    Entry("text", "almanach/camembert-base", "camembert", 768, 110.0, f"{_TEXT}, French", _MIT),
    Entry("text", "google-bert/bert-base-uncased", "bert", 768, 108.9, _TEXT, _APACHE),
    Entry("text", "distilbert/distilbert-base-uncased", "distilbert", 768, 66.4, _TEXT, _APACHE),
    Entry("text", "albert/albert-base-v2", "albert", 768, 11.1, _TEXT, _APACHE),
    Entry("text", "google/electra-base-discriminator", "electra", 768, 108.9, _TEXT, _APACHE),
    Entry("text", "answerdotai/ModernBERT-base", "modernbert", 768, 149.0, _LONG, _APACHE),
    Entry("text", "microsoft/deberta-base", "deberta", 768, 138.6, _TEXT, _MIT),
    Entry("text", "microsoft/deberta-v3-base", "deberta-v2", 768, 183.8, _TEXT, _MIT),
    Entry("text", "sentence-transformers/all-mpnet-base-v2", "mpnet", 768, 108.9, _TEXT, _APACHE),
    Entry("text", "Qwen/Qwen2.5-0.5B", "qwen2", 896, 494.0, f"{_LONG}; a decoder, many languages", _APACHE),
    Entry("text", "Qwen/Qwen3-Embedding-0.6B", "qwen3", 1024, 595.8, f"{_LONG}; a decoder, 100 languages", _APACHE),
)

_CITE = {
    "ours": "Gao and Guo: Multimodal emotion recognition based on fusion with residual connection",
    "egemaps": "Eyben et al.: The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective "
    "computing, 2016; Eyben et al.: openSMILE: the Munich versatile and fast open-source audio feature extractor, 2010",
    "word_vectors": "those who trained the vectors, e.g. Pennington et al.: GloVe: global vectors for word "
    "representation, 2014",
    "wav2vec2": "Baevski et al.: wav2vec 2.0: a framework for self-supervised learning of speech representations, 2020",
    "hubert": "Hsu et al.: HuBERT: self-supervised speech representation learning by masked prediction, 2021",
    "wavlm": "Chen et al.: WavLM: large-scale self-supervised pre-training for full stack speech processing, 2022",
    "unispeech-sat": "Chen et al.: UniSpeech-SAT: universal speech representation learning with speaker aware "
    "pre-training, 2022",
    "data2vec-audio": "Baevski et al.: data2vec: a general framework for self-supervised learning in speech, vision "
    "and language, 2022",
    "wav2vec2-bert": "Barrault et al.: Seamless: multilingual expressive and streaming speech translation, 2023",
    "whisper": "Radford et al.: Robust speech recognition via large-scale weak supervision, 2022",
    "videomae": "Tong et al.: VideoMAE: masked autoencoders are data-efficient learners for video pre-training, 2022",
    "timesformer": "Bertasius et al.: Is space-time attention all you need for video understanding?, 2021",
    "vit": "Dosovitskiy et al.: An image is worth 16x16 words: transformers for image recognition at scale, 2021",
    "deit": "Touvron et al.: Training data-efficient image transformers and distillation through attention, 2021",
    "beit": "Bao et al.: BEiT: BERT pre-training of image transformers, 2022",
    "dinov2": "Oquab et al.: DINOv2: learning robust visual features without supervision, 2023",
    "clip": "Radford et al.: Learning transferable visual models from natural language supervision, 2021",
    "siglip": "Zhai et al.: Sigmoid loss for language image pre-training, 2023",
    "roberta": "Liu et al.: RoBERTa: a robustly optimized BERT pretraining approach, 2019",
    "xlm-roberta": "Conneau et al.: Unsupervised cross-lingual representation learning at scale, 2020",
    "camembert": "Martin et al.: CamemBERT: a tasty French language model, 2020",
    "bert": "Devlin et al.: BERT: pre-training of deep bidirectional transformers for language understanding, 2019",
    "distilbert": "Sanh et al.: DistilBERT, a distilled version of BERT: smaller, faster, cheaper and lighter, 2019",
    "albert": "Lan et al.: ALBERT: a lite BERT for self-supervised learning of language representations, 2020",
    "electra": "Clark et al.: ELECTRA: pre-training text encoders as discriminators rather than generators, 2020",
    "modernbert": "Warner et al.: Smarter, better, faster, longer: a modern bidirectional encoder for fast, memory "
    "efficient, and long context finetuning and inference, 2024",
    "deberta": "He et al.: DeBERTa: decoding-enhanced BERT with disentangled attention, 2021",
    "deberta-v2": "He et al.: DeBERTaV3: improving DeBERTa using ELECTRA-style pre-training, 2021",
    "mpnet": "Song et al.: MPNet: masked and permuted pre-training for language understanding, 2020",
    "qwen2": "Qwen team: Qwen2.5 technical report, 2024",
    "qwen3": "Zhang et al.: Qwen3 Embedding: advancing text embedding and reranking through foundation models, 2025",
}


def entry_of(family: str) -> Entry | None:
    """The entry of an architecture."""
    return next((entry for entry in ENTRIES if entry.family == family), None)
