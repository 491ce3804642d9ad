"""The authors' files: downloaded once from where they are published, and never taken for something they are not."""

import gzip
import hashlib
import re
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from pytest_persona.errors import RatingsError
from pytest_persona.ratings import published
from pytest_persona.ratings.families import find_families
from pytest_persona.ratings.published import COMMIT, SHA256, URL, published_ratings


def content(path):
    return f"question_id,rating\n1,{len(path) % 6}\n# {path}\n".encode()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        path = self.path.removeprefix("/data/")
        status, body = self.server.answers.get(path, (200, content(path)) if path in SHA256 else (404, b""))
        self.send_response(status)
        self.send_header("Content-Length", str(self.server.length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    """A web server on this machine that publishes files of the authors' names, and the hashes of these."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(published, "SHA256", {path: hashlib.sha256(content(path)).hexdigest() for path in SHA256})
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked, running.answers, running.length = [], {}, 0
        running.url = f"http://127.0.0.1:{running.server_port}/data/"
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Whoever asks for another machine than this one gets no answer."""
    connect = socket.socket.connect

    def only_here(self, address):
        if address[0] not in ("127.0.0.1", "localhost"):
            raise OSError(f"a test asked for {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)


def kept(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_files_are_pinned():
    assert re.fullmatch(r"[0-9a-f]{40}", COMMIT)
    assert URL.startswith("https://raw.githubusercontent.com/")
    assert URL.endswith(f"/{COMMIT}/data/")
    assert len(SHA256) == len(set(SHA256.values())) == 23
    assert all(re.fullmatch(r"[0-9a-f]{64}", sha256) for sha256 in SHA256.values())


def test_the_hashes_are_those_of_the_copies_that_are_here(official_data):
    if not (official_data / "ratings").is_dir():
        pytest.skip("the folder that PERSONA_DATA names has no ratings")
    for path, sha256 in SHA256.items():
        name = path.replace("_temp01", "").replace("_self", ".self")
        data = gzip.decompress((official_data / "ratings" / f"{name}.gz").read_bytes())
        assert hashlib.sha256(data).hexdigest() == sha256


def test_all_files_are_downloaded_once(server, tmp_path):
    folder = published_ratings(tmp_path, server.url)
    assert folder == tmp_path
    assert sorted(server.asked) == sorted(f"/data/{path}" for path in SHA256)
    assert kept(tmp_path) == sorted(SHA256)
    for path in SHA256:
        assert (tmp_path / path).read_bytes() == content(path)
    assert len(find_families(folder)) == 4
    published_ratings(tmp_path, server.url)
    assert len(server.asked) == len(SHA256)


def test_what_was_downloaded_needs_no_network(server, tmp_path):
    published_ratings(tmp_path, server.url)
    assert published_ratings(tmp_path, "http://127.0.0.1:1/data/") == tmp_path


def test_by_default_the_users_cache_keeps_them(server, tmp_path, monkeypatch):
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / name)
    folder = published_ratings(url=server.url)
    assert folder == tmp_path / "pytest-persona-ratings" / COMMIT[:12]
    assert kept(folder) == sorted(SHA256)


def test_a_damaged_copy_is_downloaded_again(server, tmp_path):
    published_ratings(tmp_path, server.url)
    path = sorted(SHA256)[3]
    (tmp_path / path).write_bytes(b"cut")
    published_ratings(tmp_path, server.url)
    assert server.asked[len(SHA256) :] == [f"/data/{path}"]
    assert (tmp_path / path).read_bytes() == content(path)


@pytest.mark.parametrize(
    ("answer", "length", "why"),
    [
        pytest.param((200, b"question_id,rating\n"), 0, "hash", id="another file"),
        pytest.param((200, content("x")), 9999, "", id="broken off"),
        pytest.param((404, b""), 0, "404", id="not found"),
        pytest.param((503, b""), 0, "503", id="out of order"),
    ],
)
def test_a_bad_download_is_refused_and_not_kept(server, tmp_path, answer, length, why):
    path = list(SHA256)[2]
    for each in list(SHA256)[:2]:
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).write_bytes(content(each))  # as if they had been downloaded
    server.answers[path], server.length = answer, length
    with pytest.raises(RatingsError, match=rf"cannot be downloaded \(.*{why}") as caught:
        published_ratings(tmp_path, server.url)
    assert str(caught.value).startswith(f"{server.url}{path} ")
    assert "--persona-replay=DIR" in str(caught.value)
    assert kept(tmp_path) == sorted(list(SHA256)[:2])
    server.answers, server.length = {}, 0
    published_ratings(tmp_path, server.url)
    assert kept(tmp_path) == sorted(SHA256)


def test_without_a_network_the_message_says_what_to_do(tmp_path):
    with socket.socket() as closed:  # bound and not listening: nobody else gets the port, nobody answers
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/data/"
        with pytest.raises(RatingsError, match="cannot be downloaded") as caught:
            published_ratings(tmp_path, url)
    message = str(caught.value)
    assert message.startswith(url + next(iter(SHA256)))
    assert "Without a network, pass --persona-replay=DIR with the files below it" in message
    assert "\n" not in message
    assert kept(tmp_path) == []


def test_the_real_place_is_out_of_reach_here(tmp_path, monkeypatch):
    """The twin: a test that asked for it would be told."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [(2, 1, 6, "", ("192.0.2.1", 443))])
    with pytest.raises(RatingsError, match="cannot be downloaded"):
        published_ratings(tmp_path)


def test_an_error_without_words_is_told_by_its_name(tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise TimeoutError

    monkeypatch.setattr("pooch.retrieve", fail)
    with pytest.raises(RatingsError, match=r"cannot be downloaded \(TimeoutError\)"):
        published_ratings(tmp_path)


def test_a_cache_that_cannot_be_written_is_told(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RatingsError, match="cannot be downloaded"):
        published_ratings(tmp_path / "file", server.url)
