"""How many replicas, nodes and dollars a rate takes, and how long requests then wait."""

from argparse import Namespace
from dataclasses import dataclass
from math import ceil

from k8s.errors import Usage
from k8s.load import Picture, Waits, simulate
from k8s.prices import CONTROL_PLANE, HOURS, ON_DEMAND, RESERVED
from k8s.sizes import INSTANCES, MAX_REPLICAS

PAIR_MS = 260.0
"""SDXL's UNet on one Inferentia2 chip, a guided pair at 1024x1024: a log in Ray's documentation, not measured here."""
AROUND_MS = 1100.0
"""Encoders, VAE and HTTP of the same log."""
AREA = 1024 * 1024
CPU_NODE = "c7i.2xlarge"
HTTP_PER_WORKER = 200.0
"""Pictures of 1 MB a second through one ingress worker of two CPUs: measured on a machine of two, load and all."""
REFUSED = 0.001
STOP = 0.03
"""The search ends when it knows the replicas to this share."""


@dataclass(frozen=True)
class Demand:
    per_second: float
    picture: Picture
    instance: str
    max_wait_s: float
    max_rows: int
    max_waiting: int


@dataclass(frozen=True)
class Plan:
    replicas: int
    nodes: int
    cpu_nodes: int
    waits: Waits
    busy: float
    """Share of the time that a replica works."""
    on_demand: float
    reserved: float
    """Dollars a month."""
    remarks: list[str]


def plan(demand: Demand) -> Plan:
    """The fewest replicas at which 95 of 100 requests wait no longer than asked for."""
    replicas, waits = _enough(demand)
    devices = INSTANCES[demand.instance].devices
    nodes, cpu_nodes = ceil(replicas / devices), max(2, ceil(demand.per_second / HTTP_PER_WORKER))
    around = cpu_nodes * ON_DEMAND[CPU_NODE] + CONTROL_PLANE
    return Plan(
        replicas,
        nodes,
        cpu_nodes,
        waits,
        busy=demand.per_second * demand.picture.alone_s / replicas,
        on_demand=HOURS * (nodes * ON_DEMAND[demand.instance] + around),
        reserved=HOURS * (nodes * RESERVED[demand.instance] + around),
        remarks=_remarks(replicas, cpu_nodes),
    )


def _enough(demand: Demand) -> tuple[int, Waits]:
    """By halving: at `few` requests wait too long, at `many` they do not."""
    few = int(demand.per_second * demand.picture.alone_s)
    many = few + few // 4 + 1
    while not _fine(demand, waits := _waits(demand, many)):
        few, many = many, 2 * many
    while many - few > max(1, STOP * many):
        middle = (few + many) // 2
        if _fine(demand, found := _waits(demand, middle)):
            many, waits = middle, found
        else:
            few = middle
    return many, waits


def _waits(demand: Demand, replicas: int) -> Waits:
    load = demand.per_second * demand.picture.alone_s / replicas
    return simulate(demand.picture, load, replicas, demand.max_rows, demand.max_waiting)


def _fine(demand: Demand, waits: Waits) -> bool:
    return waits.most <= demand.max_wait_s and waits.refused <= REFUSED


def _remarks(replicas: int, cpu_nodes: int) -> list[str]:
    remarks = []
    if replicas > MAX_REPLICAS:
        where = "MAX_REPLICAS in k8s/sizes.py, max_replicas in serve-config.yaml, limits in k8s/karpenter/inf2.yaml"
        remarks.append(f"the inf2 overlay ends at {MAX_REPLICAS} replicas: raise {where}")
    if cpu_nodes > 2:
        remarks.append(f"{cpu_nodes} ingress workers are needed, the overlays have 2")
    return remarks


def per_second(text: str) -> float:
    """20/s, 3/min, 500/h."""
    number, _, unit = text.partition("/")
    seconds = {"s": 1, "min": 60, "h": 3600, "": 1}.get(unit)
    try:
        rate = float(number) / (seconds or 0)
    except (ValueError, ZeroDivisionError):
        rate = 0.0
    if not 0 < rate <= 100_000:
        raise Usage(f"--rate {text}: not a rate such as 20/s, 3/min or 500/h")
    return rate


def picture(size: str, steps: int, pair_ms: float) -> Picture:
    """Step time grows with the area; attention a little faster than that, which is not counted."""
    width, _, height = size.partition("x")
    sides = [int(side) for side in (width, height) if side.isdigit()]
    if len(sides) != 2 or any(side == 0 or side % 8 for side in sides):
        raise Usage(f"--size {size}: not WIDTHxHEIGHT in multiples of 8")
    if not 1 <= steps <= 200 or pair_ms <= 0:
        raise Usage(f"--steps {steps} --step-ms {pair_ms:g}: not 1 to 200 steps of some time each")
    share = sides[0] * sides[1] / AREA
    return Picture((sides[0], sides[1]), steps, pair_ms * share, AROUND_MS * share)


def demand(args: Namespace) -> Demand:
    """From the command line; raises Usage."""
    if args.instance not in RESERVED:
        raise Usage(f"--instance {args.instance}: there are {', '.join(RESERVED)}")
    if args.max_wait <= 0:
        raise Usage(f"--max-wait {args.max_wait:g}: not a time")
    if args.max_rows < 2 or args.max_waiting < 1:
        raise Usage(f"--max-rows {args.max_rows} --max-waiting {args.max_waiting}: at least 2 and 1")
    asked = picture(args.size, args.steps, args.step_ms)
    rate = per_second(args.rate)
    return Demand(rate, asked, args.instance, args.max_wait, args.max_rows, args.max_waiting)
