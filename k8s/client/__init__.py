"""What talks to a cluster: verbs, waiting, status, revisions."""
