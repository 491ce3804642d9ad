"""Outside of the session that these tests run in."""

import pytest

from pytest_persona import session as sessions
from pytest_persona.stats import role_play, stratified


@pytest.fixture(autouse=True)
def outside(monkeypatch):
    """No session, so that nothing is recorded in that of these tests; and fewer resamples."""
    for room in (role_play, stratified):
        monkeypatch.setattr(room, "RESAMPLES", 999)
    role_play._weights.cache_clear()
    token = sessions.enter(None)
    yield
    sessions.leave(token)
    role_play._weights.cache_clear()
