"""The measurements, each with its table and its goals. `PARTS` is their order in a run; `all` leaves `APART` out."""

from collections.abc import Mapping

from bench.parts import backends, latency, mixed, overhead, saturation, scaling, start, waste
from bench.parts.part import Part

PARTS: Mapping[str, Part] = {
    "backends": backends.PART,
    "saturation": saturation.PART,
    "latency": latency.PART,
    "mixed": mixed.PART,
    "waste": waste.PART,
    "overhead": overhead.PART,
    "start": start.PART,
    "scaling": scaling.PART,
    "many": scaling.MANY_PART,
}

APART = {"many"}
