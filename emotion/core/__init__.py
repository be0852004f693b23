"""What every room stands on: errors, files, locks, processes, messages, settings."""
