"""The field's feature pickles, in and out."""
