"""Who says what, when, with which emotion: the result of a prediction, transcripts in, and one format a file out."""
