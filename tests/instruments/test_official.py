"""Published files: found in the user's folder or downloaded once, and never taken for something they are not."""

import csv
import hashlib
import json
import re
import socket
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments import darktriad, official
from pytest_persona.instruments.gsm8k import gsm8k
from pytest_persona.instruments.official import PUBLISHED, check_published, published_file

KEY = "persona/narcissism.jsonl"
DOWNLOADED = [key for key, file in PUBLISHED.items() if file.url is not None]
MADE = [key for key, file in PUBLISHED.items() if file.url is None]


def item(statement, matching, other):
    question = f'Is the following statement something you would say?\n"{statement}"'
    answers = {"answer_matching_behavior": matching, "answer_not_matching_behavior": other}
    return json.dumps({"question": question, "statement": statement} | answers)


CONTENT = f"{item('Mirrors are kind', ' Yes', ' No')}\n{item('I was wrong', ' No', ' Yes')}\n".encode()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        status, body, length = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    """A web server on this machine that gives `answer` to everybody and notes what was `asked`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked, running.answer = [], (200, CONTENT, len(CONTENT))
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def publish(monkeypatch):
    """Let the file be published at a port of this machine."""

    def change(port, sha256=SHA256):
        url = f"http://127.0.0.1:{port}/at/a/commit/narcissism.jsonl"
        monkeypatch.setitem(PUBLISHED, KEY, replace(PUBLISHED[KEY], url=url, sha256=sha256))
        return url

    return change


@pytest.fixture
def folder(tmp_path):
    """A data folder that holds one file, which is not the published one."""
    path = tmp_path / "data" / KEY
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return tmp_path / "data"


def kept(cache):
    return [path for path in cache.rglob("*") if path.is_file()]


@pytest.mark.parametrize("key", PUBLISHED)
def test_every_published_file_is_pinned(key):
    file = PUBLISHED[key]
    assert file.path == key
    assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
    commitless = key.startswith(("strongreject/", "truthfulqa/"))
    assert re.search(r"@ [0-9a-f]{7}$", file.source) or (commitless and file.url is None)
    assert file.licence
    assert file.items > 0


@pytest.mark.parametrize("key", DOWNLOADED)
def test_a_file_is_downloaded_at_the_commit_of_its_source(key):
    file = PUBLISHED[key]
    assert re.fullmatch(r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/.+", file.url)
    assert file.url.endswith("/" + key.split("/")[1])
    assert re.search(r"@ ([0-9a-f]{7})$", file.source)[1] in file.url
    assert file.layout == ""


def test_no_two_published_files_are_the_same():
    assert len({file.sha256 for file in PUBLISHED.values()}) == len(PUBLISHED) == 13
    assert len({PUBLISHED[key].url for key in DOWNLOADED}) == len(DOWNLOADED) == 8


@pytest.mark.parametrize("key", MADE)
def test_a_file_that_cannot_be_downloaded_says_how_it_is_made(key, tmp_path, server, cache):
    file = PUBLISHED[key]
    assert file.layout
    for folder, message in ((None, "cannot be downloaded"), (tmp_path, "is missing")):
        with pytest.raises(InstrumentError, match=message) as caught:
            published_file(key, folder)
        for part in (key, file.source, file.layout, "--persona-instruments=pocket"):
            assert part in str(caught.value)
    assert (server.asked, kept(cache)) == ([], [])


@pytest.mark.parametrize("key", PUBLISHED)
def test_the_files_that_are_here_are_the_published_ones(key, official_data):
    if not (official_data / key).is_file():
        pytest.skip(f"the folder that PERSONA_DATA names has no {key}")
    path = published_file(key, official_data)
    assert path == official_data / key
    assert check_published(path, PUBLISHED[key]) == PUBLISHED[key].sha256
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".json":
            rows = json.load(file)
        else:
            rows = [*csv.DictReader(file)] if path.suffix == ".csv" else file.readlines()[path.suffix == ".tsv" :]
    assert len(rows) == PUBLISHED[key].items


def test_another_file_in_the_data_folder_is_refused(folder):
    with pytest.raises(InstrumentError, match="is not the published file") as caught:
        darktriad("narcissism", kind="official", data=folder)
    for part in (str(folder / KEY), SHA256, PUBLISHED[KEY].sha256, PUBLISHED[KEY].url):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("ask", "key"),
    [
        (lambda data: darktriad("psychopathy", kind="official", data=data), "persona/psychopathy.jsonl"),
        (lambda data: gsm8k("train", data), "gsm8k/train.jsonl"),
    ],
)
def test_a_missing_file_is_told_where_to_go(folder, ask, key):
    with pytest.raises(InstrumentError, match="is missing") as caught:
        ask(folder)
    assert f"{folder / key} is missing. Download {PUBLISHED[key].url} to it" in str(caught.value)


def test_with_a_data_folder_nothing_is_downloaded(folder, publish, server, cache):
    publish(server.server_port)
    assert darktriad("narcissism", kind="official", data=folder).sha256 == SHA256
    assert (server.asked, kept(cache)) == ([], [])


def test_without_one_a_file_is_downloaded_once(publish, server, cache):
    publish(server.server_port)
    first, second = (darktriad("narcissism", kind="official") for _ in range(2))
    assert server.asked == ["/at/a/commit/narcissism.jsonl"]
    assert first == second
    assert [entry.statement for entry in first.items] == ["Mirrors are kind", "I was wrong"]
    assert (first.kind, first.sha256, first.licence) == ("official", SHA256, "CC BY 4.0")
    assert [path.read_bytes() for path in kept(cache)] == [CONTENT]


def test_what_was_downloaded_needs_no_network(publish, server, cache):
    publish(server.server_port)
    darktriad("narcissism", kind="official")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        publish(closed.getsockname()[1])
        assert len(darktriad("narcissism", kind="official").items) == 2


def test_a_damaged_download_is_downloaded_again(publish, server, cache):
    publish(server.server_port)
    published_file(KEY, None).write_bytes(CONTENT[:-30])
    assert darktriad("narcissism", kind="official").sha256 == SHA256
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param((200, CONTENT[:50], 50), "hash", id="another file"),
        pytest.param((200, CONTENT[:50], len(CONTENT)), "", id="broken off"),
        pytest.param((404, b"", 0), "404", id="not found"),
        pytest.param((503, CONTENT, len(CONTENT)), "503", id="out of order"),
    ],
)
def test_a_bad_download_is_refused_and_not_kept(publish, server, cache, answer, why):
    url = publish(server.server_port)
    server.answer = answer
    with pytest.raises(InstrumentError, match=rf"cannot be downloaded \(.*{why}") as caught:
        darktriad("narcissism", kind="official")
    assert str(caught.value).startswith(url)
    assert kept(cache) == []
    server.answer = (200, CONTENT, len(CONTENT))
    assert len(darktriad("narcissism", kind="official").items) == 2


def test_without_a_network_the_message_says_what_to_do(publish, cache):
    with socket.socket() as closed:  # bound and not listening: nobody else gets the port, nobody answers
        closed.bind(("127.0.0.1", 0))
        url = publish(closed.getsockname()[1])
        with pytest.raises(InstrumentError, match="cannot be downloaded") as caught:
            darktriad("narcissism", kind="official")
    for part in (url, f"put the file under DIR/{KEY}", "--persona-data=DIR", "--persona-instruments=pocket"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cache_that_cannot_be_written_is_an_instrument_error(publish, server, tmp_path, monkeypatch):
    publish(server.server_port)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "file" / name)
    with pytest.raises(InstrumentError, match="cannot be downloaded"):
        published_file(KEY, None)


def authors(source):
    """The first author of a citation and its year, for example `Lin` and `2022`."""
    return re.match(r"(\S+?),? .*?(\d{4})", source).groups()


def readme_sources():
    return (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split("\n## Sources\n")[1]


@pytest.mark.parametrize("path", PUBLISHED)
def test_the_readme_cites_every_published_file(path):
    author, year = authors(PUBLISHED[path].source)
    assert re.search(rf"{author}\b[^;:]*{year}|{author}\b[^;:]*arXiv {year[2:]}", readme_sources())


@pytest.mark.parametrize(
    ("file", "author"), [("multiple_choice", "M-A-P et al. 2025"), ("toxigen", "Hartvigsen et al. 2022")]
)
def test_the_readme_cites_sets_that_users_bring(file, author):
    module = Path(official.__file__).with_name(f"{file}.py")
    assert author in module.read_text(encoding="utf-8")
    assert author in readme_sources()


LICENCES = {
    "GSM8K": "MIT",
    "StrongREJECT": "MIT",
    "TruthfulQA": "Apache-2.0",
    "Winogender": "MIT",
    "EQ-Bench": "MIT",
    "SuperGPQA": "ODC-By",
}


@pytest.mark.parametrize(("name", "licence"), LICENCES.items())
def test_the_readme_says_under_which_licence(name, licence):
    (line,) = [line for line in readme_sources().split("\n- ") if f" {name}" in line]
    assert f", {licence}): {name}" in line or f"({licence}): {name}" in line
