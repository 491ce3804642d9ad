"""An OpenAI-compatible endpoint: bounded retries, bounded time, and a key that never shows."""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_persona.errors import JudgeError

if TYPE_CHECKING:
    import requests

OWN_KEY, SHARED_KEY = "PERSONA_JUDGE_API_KEY", "OPENAI_API_KEY"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_AGAIN = (408, 409, 425, 429)  # beside all of 500 and above
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds (ours)
_LONGEST_BODY = 2**17  # bytes (ours); a mark is shorter
_LONGEST_REASON = 200  # characters (ours)


class NoAnswer(Exception):  # noqa: N818 (it is no bug of anybody's)
    """The endpoint gave no answer to one request; the text says why."""


class _Transient(Exception):  # noqa: N818
    """A request that may succeed when it is made again.

    Attributes:
        after: Seconds that the server asks to wait; None where it does not say.
    """

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Chat completions under one address.

    The key is read from `$PERSONA_JUDGE_API_KEY`, else from `$OPENAI_API_KEY`, when a request is made, and is kept
    nowhere. The shared one is sent over https or to this machine only. Without a key none is sent.

    Attributes:
        api_base: Address up to where `/chat/completions` begins, for example `http://localhost:8000/v1`.
        model: The model's name there.
        retries: How often a failed request is made again.
        timeout: Seconds that one request may take.
        pause: What waits between two attempts; its argument is in seconds.
    """

    api_base: str
    model: str
    retries: int
    timeout: float
    pause: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        parts = urlsplit(self.api_base)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise JudgeError(
                f"the judge's api_base holds more than an address (of {parts.hostname}). Keep user, password and "
                f"queries out of it, and put the key into ${OWN_KEY}"
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise JudgeError(f"the judge's api_base {self.api_base!r} is no address; write https://HOST/v1")
        if not self.model:
            raise JudgeError("the judge has no model; name one that the endpoint serves")
        if self.retries < 0 or not self.timeout > 0:
            raise JudgeError(f"retries is 0 or more and timeout above 0 s, got {self.retries} and {self.timeout}")
        _find_key(self.api_base)  # a broken key is told now

    def complete(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The text of the answer, at temperature 0.

        Raises:
            NoAnswer: this request has none, also when made again.
            JudgeError: no request will have one: the key is refused, or there is no such model or address.
        """
        jitter = random.Random()  # not the global one, whose seed belongs to others
        attempts = 0
        while True:
            attempts += 1
            try:
                return self._ask(messages)
            except _Transient as error:
                if attempts > self.retries:
                    raise NoAnswer(f"{error} ({attempts} attempts)") from None
                wait = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (attempts - 1)) * jitter.uniform(0.5, 1.0)
                self.pause(min(_LONGEST_PAUSE, max(wait, error.after or 0.0)))

    def _ask(self, messages: Sequence[Mapping[str, str]]) -> str:
        import requests

        start = time.monotonic()
        try:
            with requests.post(
                f"{self.api_base.rstrip('/')}/chat/completions",
                json={"model": self.model, "messages": list(messages), "temperature": 0},
                auth=self._sign,
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                body = bytearray()
                for byte in response.iter_content(1):  # a larger piece is waited for, however slowly it drips
                    body += byte
                    if time.monotonic() - start > self.timeout:
                        raise _Transient(f"the endpoint took more than {self.timeout:g} s")
                    if len(body) > _LONGEST_BODY:
                        raise NoAnswer(f"the endpoint sent more than {_LONGEST_BODY:,} bytes")
                return self._read(response, bytes(body))
        except requests.Timeout:
            raise _Transient(f"the endpoint took more than {self.timeout:g} s") from None
        except (requests.RequestException, OSError) as error:
            raise _Transient(f"the connection failed ({type(error).__name__})") from None

    def _read(self, response: requests.Response, body: bytes) -> str:
        status = response.status_code
        if status in _AGAIN or status >= 500:
            raise _Transient(f"the endpoint answered {status}", _seconds(response.headers.get("Retry-After")))
        if status in (401, 403):
            raise JudgeError(f"the judge's endpoint {self.api_base} refuses the key ({status}). Set ${OWN_KEY}")
        if status == 404 or 300 <= status < 400:
            raise JudgeError(
                f"the judge's endpoint {self.api_base} has no model {self.model!r}, or is another address ({status}). "
                "api_base ends where /chat/completions begins, for example https://HOST/v1"
            )
        text = self._redacted(body.decode("utf-8", errors="replace"))
        if status != 200:
            raise NoAnswer(f"the endpoint answered {status}: {' '.join(text.split())[:_LONGEST_REASON]}")
        try:
            answer = json.loads(text)["choices"][0]["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            raise _Transient("the endpoint sent no chat completion") from None
        if not isinstance(answer, str):
            raise NoAnswer("the judge gave no text")
        return answer

    def _sign(self, request: Any) -> Any:
        """Called by requests when everything else is in place. Given even without a key, so that no netrc is read."""
        if _find_key(self.api_base):
            request.headers["Authorization"] = f"Bearer {_find_key(self.api_base)}"
        return request

    def _redacted(self, text: str) -> str:
        return text.replace(_find_key(self.api_base), "[key]") if _find_key(self.api_base) else text


def _find_key(api_base: str) -> str:
    """The key, or an empty text. Nothing that may be shown ever holds it, so it is looked up where it is needed."""
    parts = urlsplit(api_base)
    names = (OWN_KEY, SHARED_KEY) if parts.scheme == "https" or parts.hostname in _LOOPBACK else (OWN_KEY,)
    for name in names:
        if os.environ.get(name, "").strip():
            if not re.fullmatch(r"[\x21-\x7e]+", os.environ[name].strip()):
                raise JudgeError(f"${name} holds characters that no key has, such as spaces; set it again")
            return os.environ[name].strip()
    return ""


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and re.fullmatch(r"\d{1,6}", header.strip()) else None
