"""The endpoint of the rubric judge when it misbehaves, and a key that never shows."""

import logging

import pytest

from pytest_persona.errors import JudgeError
from pytest_persona.judges import RubricJudge, Unscored
from pytest_persona.store import Store
from tests.judges.endpoints import CUT, DRIP, PROMPT, REPLY, SLOW, Endpoint, fails, marks, says

KEY = "sk-hush-0123456789"


# trouble


@pytest.mark.parametrize(
    "trouble",
    [
        fails(429),
        fails(500),
        fails(503),
        fails(408),
        CUT,
        (200, b"<html>busy</html>"),
        (200, b'{"choices": []}'),
        (200, {"choices": "none"}),
        (200, [1]),
    ],
    ids=["429", "500", "503", "408", "cut", "no JSON", "no choice", "choices of text", "a list"],
)
def test_trouble_that_passes_is_waited_for(ask, trouble):
    mark, endpoint, pauses = ask(trouble, trouble, says(marks()))
    assert mark.value == 1
    assert len(endpoint.requests) == 3
    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (fails(429), "answered 429"),
        (fails(500), "answered 500"),
        (CUT, "connection failed"),
        ((200, b"<html>"), "no chat completion"),
    ],
)
def test_trouble_that_stays_leaves_the_reply_unscored(ask, trouble, told):
    mark, endpoint, pauses = ask(trouble)
    assert isinstance(mark, Unscored)
    assert told in mark.reason
    assert "(3 attempts)" in mark.reason
    assert len(endpoint.requests) == 3
    assert len(pauses) == 2


@pytest.mark.parametrize("act", [SLOW, DRIP])
def test_a_slow_endpoint_is_given_up(ask, act):
    mark, endpoint, _ = ask(act, retries=1, timeout=0.2)
    assert isinstance(mark, Unscored)
    assert mark.reason == "the endpoint took more than 0.2 s (2 attempts)"
    assert len(endpoint.requests) == 2


def test_a_server_that_is_not_there():
    judge = RubricJudge("http://127.0.0.1:9/v1", "m", retries=1, pause=lambda seconds: None)
    (mark,) = judge.judge([PROMPT], [REPLY])
    assert mark.reason == "the connection failed (ConnectionError) (2 attempts)"


def test_pauses_double_with_jitter_and_have_an_end(ask):
    _, _, pauses = ask(fails(500), retries=12)
    for number, pause in enumerate(pauses):
        whole = min(60, 2**number)
        assert whole / 2 <= pause <= whole
    assert len(set(pauses)) == len(pauses)


def test_the_server_may_ask_for_a_longer_pause_but_not_for_ever(ask):
    _, _, pauses = ask(
        fails(429, Retry_After="7"),
        fails(429, Retry_After="999999"),
        fails(429, Retry_After="Fri, 1 Jan"),
        says(marks()),
        retries=3,
    )
    assert pauses[:2] == [7, 60]
    assert 2 <= pauses[2] <= 4


def test_pauses_leave_the_seed_of_others_alone(ask):
    import random

    random.seed(5)
    state = random.getstate()
    ask(fails(500))
    assert random.getstate() == state


def test_no_text_is_unscored_at_once(ask):
    mark, endpoint, _ = ask((200, {"choices": [{"message": {"content": None}}]}))
    assert mark == Unscored("the judge gave no text")
    assert len(endpoint.requests) == 1


def test_a_refused_request_is_unscored_at_once(ask):
    mark, endpoint, _ = ask(fails(400, {"error": {"message": "too\n long " + "x" * 1000}}))
    assert mark.reason.startswith("the endpoint answered 400: ")
    assert "\n" not in mark.reason
    assert len(mark.reason) < 300
    assert len(endpoint.requests) == 1


def test_an_endless_answer_is_cut(ask):
    mark, _, _ = ask((200, b" " * 300_000))
    assert mark.reason == "the endpoint sent more than 131,072 bytes"


def test_prose_is_unscored_and_asked_once(ask):
    mark, endpoint, _ = ask(says("It complies."))
    assert mark == Unscored("the judge's answer is no JSON object", "It complies.")
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_stops_everything(ask, status):
    with pytest.raises(JudgeError, match=rf"refuses the key \({status}\)\. Set \$PERSONA_JUDGE_API_KEY"):
        ask(fails(status))


@pytest.mark.parametrize("status", [404, 301, 307])
def test_a_wrong_address_stops_everything(ask, status):
    with pytest.raises(JudgeError, match=rf"no model 'some-judge', or is another address \({status}\)"):
        ask(fails(status, Location="/elsewhere"))


def test_redirects_are_not_followed(ask):
    endpoint = Endpoint(fails(302, Location="/v1/elsewhere"))
    with endpoint.serve() as address, pytest.raises(JudgeError):
        RubricJudge(address, "m").judge([PROMPT], [REPLY])
    assert endpoint.paths == ["/v1/chat/completions"]


# the key


@pytest.mark.parametrize("name", ["PERSONA_JUDGE_API_KEY", "OPENAI_API_KEY"])
def test_the_key_is_sent(ask, monkeypatch, name):
    monkeypatch.setenv(name, f" {KEY}\n")
    _, endpoint, _ = ask(says(marks()))
    assert endpoint.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_the_judges_own_key_comes_first(ask, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "shared")
    monkeypatch.setenv("PERSONA_JUDGE_API_KEY", KEY)
    _, endpoint, _ = ask(says(marks()))
    assert endpoint.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_without_a_key_none_is_sent_also_not_from_netrc(ask, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    _, endpoint, _ = ask(says(marks()))
    assert "Authorization" not in endpoint.headers[0]


def test_the_shared_key_is_not_sent_in_the_open(monkeypatch):
    from pytest_persona.judges.endpoint import _find_key

    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert _find_key("http://judge.example/v1") == ""
    assert _find_key("https://judge.example/v1") == KEY
    assert _find_key("http://localhost:8000/v1") == KEY
    monkeypatch.setenv("PERSONA_JUDGE_API_KEY", "own")
    assert _find_key("http://judge.example/v1") == "own"


@pytest.mark.parametrize(
    "act",
    [
        says(f"your key is {KEY}"),
        fails(400, {"error": f"key {KEY} has no credit"}),
        fails(401, {"error": f"wrong key {KEY}"}),
        fails(500, {"error": KEY}),
        CUT,
    ],
    ids=["text", "400", "401", "500", "cut"],
)
def test_the_key_never_shows(act, monkeypatch, tmp_path, caplog, capsys):
    monkeypatch.setenv("PERSONA_JUDGE_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    endpoint = Endpoint(act)
    with endpoint.serve() as address:
        judge = RubricJudge(address, "m", store=Store(tmp_path), retries=1, pause=lambda seconds: None)
        try:
            shown = repr(judge.judge([PROMPT], [REPLY]))
        except JudgeError as error:
            shown = repr(error) + repr(error.__cause__) + repr(error.__context__)
    assert endpoint.headers[0]["Authorization"] == f"Bearer {KEY}"  # so it could have shown
    printed = capsys.readouterr()
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    everything = shown + caplog.text + printed.out + printed.err + written + repr(vars(judge)) + judge.fingerprint
    assert KEY not in everything
    assert "sk-hush" not in everything


def test_a_broken_key_is_told_without_showing_it(monkeypatch):
    monkeypatch.setenv("PERSONA_JUDGE_API_KEY", f"{KEY}\nX-Other: 1")
    with pytest.raises(JudgeError, match="PERSONA_JUDGE_API_KEY holds characters that no key has") as caught:
        RubricJudge("https://judge.example/v1", "m")
    assert "sk-hush" not in str(caught.value)


def test_the_fingerprint_does_not_know_the_key(monkeypatch):
    before = RubricJudge("https://judge.example/v1", "m").fingerprint
    monkeypatch.setenv("PERSONA_JUDGE_API_KEY", KEY)
    assert RubricJudge("https://judge.example/v1", "m").fingerprint == before


# addresses and numbers


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("judge.example/v1", "no address; write https://HOST/v1"),
        ("ftp://judge.example", "no address"),
        ("", "no address"),
        (f"https://me:{KEY}@judge.example/v1", "more than an address"),
        (f"https://judge.example/v1?key={KEY}", "more than an address"),
    ],
)
def test_an_address_that_cannot_be_right(address, told):
    with pytest.raises(JudgeError, match=told) as caught:
        RubricJudge(address, "m")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("options", [{"model": ""}, {"retries": -1}, {"timeout": 0}, {"concurrency": 0}])
def test_numbers_that_cannot_be_right(options):
    with pytest.raises(JudgeError):
        RubricJudge("https://judge.example/v1", **{"model": "m", **options})
