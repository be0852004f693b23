"""An untranscribed recording to turns: who says what, when, and where in the picture."""
