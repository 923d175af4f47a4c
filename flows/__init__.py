"""Order, retries, schedule, and the command line. Only this package knows Prefect, the clock and the environment."""
