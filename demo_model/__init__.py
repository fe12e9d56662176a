"""A tiny SDXL, trained from scratch on procedurally drawn scenes, so that all runs for real without a download."""
