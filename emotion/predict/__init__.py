"""A recording of one's own and a packed model -> a timeline: who says what, when, and what it sounds most like."""
