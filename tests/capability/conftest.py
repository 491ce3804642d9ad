"""Outside of the session that these tests run in."""

import pytest

from pytest_persona import session as sessions
from pytest_persona.stats import stratified


@pytest.fixture(autouse=True)
def outside(monkeypatch):
    """No session, so that nothing is recorded in that of these tests; no keys; and fewer resamples."""
    monkeypatch.setattr(stratified, "RESAMPLES", 999)
    for name in ("PERSONA_JUDGE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    token = sessions.enter(None)
    yield
    sessions.leave(token)
