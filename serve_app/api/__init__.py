"""HTTP: parses requests into core types and renders answers and errors. The only package that knows FastAPI."""
