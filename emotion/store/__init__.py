"""The feature cache in HDF5: its layout, who reads it, who writes it, and the journal of unfinished work."""
