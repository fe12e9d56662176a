"""A minute of ratios, to run before and after a change. Nothing is kept."""

from statistics import median

from bench.lab import Lab
from bench.parts.overhead import measure_one
from bench.parts.saturation import STEPS, limit, saturate
from bench.stats import ratios
from bench.tables import table


def quick(lab: Lab) -> str:
    """Ratios of one service to the bare network beside it, in the same minute."""
    lab.service("aot")
    limits, rates = [], []
    for _ in range(2):
        limits.append(limit(lab))
        rates.append(saturate(lab, "aot", STEPS))
    overhead = median(measure_one(lab, "aot")["total"])
    step_ms = 1000 / (STEPS * median(limits))
    rows = [
        (f"images/s ÷ bare UNet, {STEPS} steps, 8 clients", ratios(rates, limits)),
        ("overhead of a request ÷ UNet time of a picture's step", f"{overhead / step_ms:.3f}"),
        ("first image after, s", f"{lab.starts()['aot'][0]:.1f}"),
    ]
    return table(["ratio", "now"], rows)
