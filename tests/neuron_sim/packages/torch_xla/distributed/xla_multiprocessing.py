"""A module that accelerate imports when it finds torch_xla."""
