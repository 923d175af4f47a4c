"""Prefect around the night: the server of an installation, its worker and deployments, the flows beside the night, their pictures."""
