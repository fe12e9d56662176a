"""What the dashboard shows, in its order."""

from dataclasses import dataclass

from k8s.monitoring import queries as q


@dataclass(frozen=True)
class Panel:
    """One graph. `lines` are expressions by legend; a legend may name a label, as {{model}}."""

    title: str
    unit: str
    lines: dict[str, str]
    description: str
    wide: bool = True
    """A graph over time; else one number."""


PANELS = [
    Panel("Images per second", "reqps", {"images": q.IMAGES}, "Finished pictures.", wide=False),
    Panel("Latency, 95 %", "s", {"p95": q.latency(0.95)}, "Of requests for pictures.", wide=False),
    Panel(
        "Errors",
        "percentunit",
        {"5xx": q.share_of_requests('code=~"5.."')},
        "Share of requests for pictures that were answered with 5xx, 503 among them.",
        wide=False,
    ),
    Panel(
        "Cost per 1,000 images",
        "currencyUSD",
        {"cost": q.COST},
        "Of running replicas, at `price` dollars per replica and hour. Head, ingress and starting nodes are not in it.",
        wide=False,
    ),
    Panel(
        "Latency",
        "s",
        {"50 %": q.latency(0.5), "95 %": q.latency(0.95), "99 %": q.latency(0.99)},
        "Time of requests for pictures, up to the last byte.",
    ),
    Panel(
        "Requests by code",
        "reqps",
        {"{{code}}": q.rate("ray_imagine_requests_total", "code")},
        "503 is overload or a replica that is not ready; 499 a client that left.",
    ),
    Panel(
        "Images by outcome",
        "reqps",
        {"{{outcome}}": q.rate("ray_imagine_images_total", "outcome")},
        "Cancelled: the client left or the deadline passed.",
    ),
    Panel("Queue", "short", {"{{model}}": "sum by (model)(ray_imagine_queue_length)"}, "Images waiting for rows."),
    Panel(
        "Active rows",
        "short",
        {"{{model}}": "sum by (model)(ray_imagine_active_rows)", "{{model}}, mean of steps": q.ROWS_PER_STEP},
        "UNet rows that run: two for a guided image. The mean says how full the batches are.",
    ),
    Panel(
        "Step time",
        "s",
        {
            "{{model}}, mean": q.step_mean(),
            "{{model}}, 95 %": f"histogram_quantile(0.95, {q.rate('ray_imagine_step_seconds_bucket', 'le, model')})",
        },
        "One UNet call with the samplers' work after it.",
    ),
    Panel(
        "NeuronCores",
        "short",
        {"used": q.cores("USED"), "free": q.cores("AVAILABLE"), "pending": f"{q.CORES_PER_REPLICA} * {q.PENDING}"},
        "Free: on nodes that run. Pending: of replicas that Serve wants and that are not up, at two cores each. "
        "On CPU nodes there are none, and pending says what the replicas would take.",
    ),
    Panel(
        "Replicas",
        "short",
        {"wanted": q.TARGET, "healthy": q.HEALTHY, "starting": q.STARTING},
        "What Serve wants, what answers, and what loads its model or waits for cores.",
    ),
]
