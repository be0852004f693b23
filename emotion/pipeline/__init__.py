"""A corpus in, a packed model out, by the functions of the stages and without DVC: `emotion train`."""
