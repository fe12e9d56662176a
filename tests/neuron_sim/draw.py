"""A child process: draws requests with an artifact through our engine. `draw.py ARTIFACT REQUESTS.json PIXELS.npz`"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

from serve_app.backends import load_backend
from serve_app.core import GenerateRequest
from serve_app.engine.engine import Engine
from serve_app.settings import Settings

torch.set_num_threads(1)
artifact, requests, pixels = sys.argv[1:]
engine = Engine(load_backend(Path(artifact), Settings()), max_rows=4, max_waiting=64)
jobs = [job for request in json.loads(Path(requests).read_text()) for job in engine.add(GenerateRequest(**request))]
while not engine.scheduler.idle:
    engine.step()
np.savez(pixels, **{str(i): job.pixels for i, job in enumerate(jobs)})
