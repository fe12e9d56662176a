"""What AWS asks, in US dollars an hour, and where the figures come from. Look them up before money depends on them."""

DATE = "2026-11"
SOURCE = (
    f"prices of {DATE} for us-east-1: on demand from memory, unverified; reserved as AWS's own Neuron benchmark tables "
    "(SDK 2.21) count it"
)
HOURS = 730
"""In a month."""
ON_DEMAND = {"inf2.8xlarge": 1.968, "inf2.24xlarge": 6.491, "inf2.48xlarge": 12.981, "c7i.2xlarge": 0.357}
RESERVED = {"inf2.8xlarge": 0.850, "inf2.24xlarge": 2.804, "inf2.48xlarge": 5.608}
"""Effective rate; only accelerated nodes are in AWS's table."""
CONTROL_PLANE = 0.10
"""EKS, per cluster."""
