"""Checkpoint to artifact: traces SDXL into graphs of fixed shapes. `python -m compile --help`."""
