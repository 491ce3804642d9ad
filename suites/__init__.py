"""Tests for users to run: `pytest --pyargs pytest_persona.suites`."""
