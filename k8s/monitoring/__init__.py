"""What to watch: a Grafana dashboard and Prometheus alerts, of metrics that the service and Ray have."""
