"""What docs/encoders.md says beside what `benchmarks.encoders` measures."""

HEAD = """# Encoders

Written by `python -m benchmarks.encoders`. `emotion encoders list` shows the same choice on the command line,
`emotion encoders describe NAME` one of them; `NAME` may be the folder of a fitted encoder or of a checkpoint.

    dvc exp run -S audio.encoder=microsoft/wavlm-base-plus           # frozen, nothing to fit
    dvc exp run -S text.encoder=/data/roberta-base -S text.dim=0 -S text.tune=false

A name is looked up on the Hugging Face hub unless it is a folder. Without a network, run
`hf download NAME --local-dir FOLDER` elsewhere, copy the folder, and give it instead of the name. DVC watches the
name, not the folder's content: after changing that, run `dvc repro --force fit@audio`.

"""

OPTION_ROWS = {
    "`layers`": "`last`: the model's own output; `last4`, `all`: mean of the last four or of all hidden states, the "
    "one before the first layer included; a number: after that layer, 0 = before the first",
    "`pooling`": "`mean`; `mean_std`: standard deviation appended, twice as wide; `cls`: the first token, where the "
    "architecture has one; `last`: the last token, of a decoder (Qwen)",
    "`head`": "`false`; `true`: the probabilities of the checkpoint's own classification head, see below",
    "`tune`": "`false`: frozen; `true`: fine-tuned with the labels of the training split, at a twentieth of `lr`; a "
    "speech model's convolutions stay frozen",
    "`dim`": "0: the checkpoint's own width; otherwise a linear layer brings the vector to that size, which fitting "
    "learns",
    "`text.level`": "`utterance`; `word`: one vector per word between spaces, the mean of its tokens",
    "`audio.level`, `face.level`": "`utterance`; `frame`: one vector per 0.2 s of sound or per frame of a clip, see "
    "[words and frames](models.md#words-and-frames)",
}
OPTIONS = """
## What can be chosen of a checkpoint

| key | values |
| --- | --- |
OPTIONROWS

A frozen checkpoint without a projection has nothing to learn: its `fit` stage only saves it, without a score.

- Padding never counts, and other utterances in the batch change nothing. wav2vec2-base and hubert-base normalise
  their convolutions over time, so only utterances of one length go through these together; the transformer behind
  them sees a mask.
- On a CPU padding is not computed either. Texts go through the body one behind the other, each token knowing its own
  text only; through DeBERTa's and MPNet's, and speech, in runs of like length. On a GPU, and while a body is
  fine-tuned, batches are padded as usual. [What else was tried](tried.md#for-the-speed-of-checkpoints).
- data2vec-audio tells places apart by convolutions that no mask reaches: only utterances of one length go through it
  together.
- DINOv2 takes pictures of any size; its processor says which. Of CLIP and SigLIP the pictures' half is used.
- A decoder's token knows only those before it, so `last` stands for the whole. An empty text gets the padding token.
- Whisper hears windows of 30 s. The frames of its padding are cut off again; a longer utterance is cut into windows.
- Face clips are resized to the checkpoint's picture; grey ones are repeated for its three colours. Clips in colour and
  of the picture's size: [Faces](faces.md#clips-for-checkpoints).
- Weights are read as safetensors, or by `torch.load(weights_only=True)`; a checkpoint's own Python code is never run.
- A folder is checked before a library reads it: numbers, sizes and names within bounds, no more weights in
  `config.json` than the files hold, the tokenizer tried in a process of its own with limits. Then one input is encoded.
  What fails is one line. Quantised checkpoints are not supported.
- `trained_on.json` in a fitted folder holds a digest of every utterance that trained the encoder or chose its epoch,
  and the sha256 of the folder's other files: a folder that was changed by hand is not used.

## A checkpoint's own classes

`audio.head: true` (`face.head`, `text.head`) keeps the probabilities of a checkpoint that was trained to classify,
instead of hidden states:

    dvc exp run -S audio.encoder=/data/wav2vec2-emotions -S audio.head=true
    dvc exp run -S text.encoder=/data/roberta-emotions -S text.head=true -S text.dim=0 -S text.tune=false

One column per class of its own; the names of the classes stand as `labels` in the encoder's `settings.json` and in the
card beside the cache. They need not be the corpus's classes: the classifier learns what they mean. Of face clips the
probabilities of the frames are averaged, of Whisper those of its windows. Where several classes may hold at once
(`problem_type: multi_label_classification`) they do not add up to 1. A head goes with `layers: last`, `pooling: mean`,
`dim: 0`, `tune: false`, as it was trained.

## eGeMAPS and word vectors

    pip install '.[opensmile]'; dvc exp run -S audio.encoder=egemaps
    dvc exp run -S text.encoder=word_vectors -S text.vectors=/data/glove.6B.300d.txt

- `egemaps`: the 88 functionals of eGeMAPS v02, as openSMILE computes them; nothing is learned. openSMILE has
  audEERING's research licence: free for research and teaching, not for products. `functionals.json` in the fitted
  folder names the 88 values.
- `word_vectors`: vectors of a file of yours, in the format of word2vec (text or binary; fastText's `.vec` is that) or
  GloVe. The first 200,000 words are used, and all of the training texts. A word is looked up as it is written, then in
  small letters, then cut at its marks (`don't` is `do` and `n't`). Unknown words are left out of the mean, or a vector
  of zeros with `text.level: word`; extraction counts them for each utterance, in the notes of the cache and on the
  terminal. With `text.tune: true` the vectors of the words of the training texts are trained, those of other words
  stay. DVC watches the file's name, not its content.

## Speakers and polarity

    dvc exp run -S audio.adversarial=0.3
    dvc exp run -S text.encoder=word_vectors -S text.vectors=/data/glove.6B.300d.txt -S text.hierarchy=polarity

Both change how an encoder is fitted, nothing else; what is fitted beside it is not kept.

- `audio.adversarial`: behind the vector stands a classifier of the training speakers whose gradient is reversed and
  weighed with this number, so that the encoder unlearns what tells them apart (Abdelwahab and Busso, "Domain
  adversarial for acoustic emotion recognition", 2018; there the domains are corpora). The strength is 0 in the first
  epoch and rises to the number with the formula of Ganin et al. (2016). For every audio encoder that is fitted; two
  training speakers at least. Other speakers are never looked at.
- `text.hierarchy: polarity`: the classifier decides the polarity first, then the emotion within it (Wu, Ying and Shen,
  "Negative emotions of online users' analysis based on bidirectional long short-term memory", 2018). With `text.tune`
  (true by default) the word vectors learn from it. For every text encoder that is fitted. Of labels that are not in
  this table, whatever their capitals, one line says so:

| polarity | labels |
| --- | --- |
POLARITIES

The six classes of IEMOCAP are two positive ones (happy, excited), three negative ones (sad, angry, frustrated) and
neutral. Surprise may be of either kind: it stands alone.

The licences are notes, not legal advice, and may have changed: look at the checkpoint's own page before you publish or
sell anything.
"""
