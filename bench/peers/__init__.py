"""Other ways to serve the same checkpoint. Each file is a program and says what was tuned for it."""
