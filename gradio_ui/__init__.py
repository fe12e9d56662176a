"""A web page for people in front of the service. Speaks HTTP to it and imports nothing of it."""
