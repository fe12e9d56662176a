"""PromQL, each thing said once. `$__rate_interval` and `$price` are Grafana's; alerts say their own window."""

WINDOW = "$__rate_interval"
PICTURES = 'route=~"/imagine.*"'
REPLICAS = 'application="imagine",deployment="ModelReplica"'
CORES_PER_REPLICA = 2


def rate(metric: str, by: str = "", window: str = WINDOW, where: str = "") -> str:
    """Events per second, summed over pods."""
    group = f" by ({by})" if by else ""
    selector = f"{{{where}}}" if where else ""
    return f"sum{group}(rate({metric}{selector}[{window}]))"


def share_of_requests(codes: str, window: str = WINDOW) -> str:
    """Requests with such codes of all that ask for a picture, 0 to 1; 0 while there is none of them."""
    some = rate("ray_imagine_requests_total", window=window, where=f"{PICTURES},{codes}")
    everything = rate("ray_imagine_requests_total", window=window, where=PICTURES)
    return f"({some} or vector(0)) / ({everything} > 0)"


def latency(quantile: float, window: str = WINDOW) -> str:
    """Seconds in which this share of the requests for pictures was answered."""
    return f"histogram_quantile({quantile}, {rate('ray_imagine_request_seconds_bucket', 'le', window, PICTURES)})"


def step_mean(window: str = WINDOW, ago: str = "") -> str:
    """Seconds of a denoising step."""
    offset = f" offset {ago}" if ago else ""
    parts = [f"sum by (model)(rate(ray_imagine_step_seconds_{part}[{window}]{offset}))" for part in ("sum", "count")]
    return " / ".join(parts)


def cores(state: str) -> str:
    """NeuronCores that Ray counts: USED by replicas, or AVAILABLE."""
    return f'sum(ray_resources{{Name="neuron_cores",State="{state}"}})'


HEALTHY = f"(sum(ray_serve_deployment_replica_healthy{{{REPLICAS}}}) or vector(0))"
TARGET = f"sum(ray_serve_autoscaling_target_replicas{{{REPLICAS}}})"
STARTING = 'max(ray_imagine_replicas{state="starting"})'
PENDING = f"({TARGET} - {HEALTHY})"
IMAGES = rate("ray_imagine_images_total", where='outcome="done"')
COST = f"1000 * $price * {HEALTHY} / 3600 / ({IMAGES} > 0)"
ROWS_PER_STEP = f"{rate('ray_imagine_row_steps_total', 'model')} / {rate('ray_imagine_step_seconds_count', 'model')}"
