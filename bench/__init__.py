"""Side-by-side measurements: against peers on the same machine, and against the limit of the bare network."""
