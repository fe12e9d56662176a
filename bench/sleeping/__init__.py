"""Replicas that sleep instead of computing, behind the real ingress, handles and proxies."""
