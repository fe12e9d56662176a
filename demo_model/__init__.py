"""A tiny SDXL, trained from scratch on procedurally drawn scenes, so that everything here runs for real without a download."""
