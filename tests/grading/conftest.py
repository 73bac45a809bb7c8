"""Settings of the property tests: no deadline, as machines that build are busy."""

from hypothesis import HealthCheck, settings

settings.register_profile("grading", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
settings.load_profile("grading")
