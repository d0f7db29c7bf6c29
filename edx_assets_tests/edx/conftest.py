"""Settings of hypothesis: the same examples each time, on machines of any speed."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "formats",
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("formats")
