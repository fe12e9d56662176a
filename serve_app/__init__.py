"""Diffusion images over HTTP: API, engine, backends and the Ray Serve application."""

__version__ = "0.1.0"
