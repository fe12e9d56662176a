"""The engine: a pure-Python scheduler of jobs, one diffusers scheduler per job, one thread."""
