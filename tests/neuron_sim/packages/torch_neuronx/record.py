"""One line of JSON per call, in the file that $NEURON_SIM_LOG names."""

import json
import os
from typing import Any


def record(call: str, **details: Any) -> None:
    path = os.environ.get("NEURON_SIM_LOG")
    if path:
        cores = os.environ.get("NEURON_RT_VISIBLE_CORES")
        with open(path, "a") as file:
            file.write(json.dumps({"call": call, "pid": os.getpid(), "visible_cores": cores, **details}) + "\n")
