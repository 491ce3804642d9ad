"""What the tests of the rubric judge share: no key in the environment, and one reply judged at a bad endpoint."""

import pytest

from pytest_persona.judges import RubricJudge
from tests.judges.endpoints import PROMPT, REPLY, Endpoint


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for name in ("PERSONA_JUDGE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def ask():
    """Judge one reply at an endpoint that does `acts`; the mark, the endpoint, and how long was paused."""

    def run(*acts, prompt=PROMPT, reply=REPLY, retries=2, timeout=30.0, store=None):
        endpoint, pauses = Endpoint(*acts), []
        with endpoint.serve() as address:
            judge = RubricJudge(
                address, "some-judge", retries=retries, timeout=timeout, store=store, pause=pauses.append
            )
            (mark,) = judge.judge([prompt], [reply])
        return mark, endpoint, pauses

    return run
