"""The page that people look at: one run or study as one HTML page, from a file or from this machine."""
