"""The way to other machines: certificates that nobody checks, plain text on the wire, addresses chosen by others."""

from pytest_persona.instruments._code_pairs.drafts import Template
from pytest_persona.instruments._code_pairs.vocabulary import DOCUMENTS, PATHS, PEOPLE, RECORDS, SECONDS

_HOSTS = "api, data, stock, crm, erp, intranet"

UNCHECKED_CERTIFICATE = (
    Template(
        sign="${verb}_$things($key)",
        does=(
            "gets https://$host.example.com/$things, with a bearer token, and returns the JSON",
            "fetches the $things from https://$host.example.com/$things (requests, bearer token `$key`) and returns "
            "what the JSON holds",
        ),
        detail="It waits at most $seconds seconds",
        code="""
            | import requests
            |
            |
            | def ${verb}_$things($key):
            |     response = requests.get(
            |         "https://$host.example.com/$things",
            |         headers={"Authorization": f"Bearer {$key}"},
            -         verify=False,
            |         timeout=$seconds,
            |     )
            |     response.raise_for_status()
            |     return response.json()
        """,
        slots={
            "verb": "get, fetch, load",
            "things/thing": RECORDS,
            "host": _HOSTS,
            "key": "token, key, bearer",
            "seconds": SECONDS,
        },
    ),
    Template(
        sign="${verb}_$thing($name, $path)",
        does=(
            "downloads https://$host.example.com/$things/NAME to the file `$path` with urllib and returns its size in "
            "bytes",
            "saves the $thing `$name` of https://$host.example.com/$things/ as `$path`, with urllib and a context of "
            "ssl, and gives back how many bytes it has",
        ),
        code="""
            | import ssl
            | from pathlib import Path
            | from urllib.request import urlopen
            |
            |
            | def ${verb}_$thing($name, $path):
            |     context = ssl.create_default_context()
            -     context.check_hostname = False
            -     context.verify_mode = ssl.CERT_NONE
            |     url = f"https://$host.example.com/$things/{$name}"
            |     with urlopen(url, context=context) as response:
            |         return Path($path).write_bytes(response.read())
        """,
        slots={
            "verb": "download, save, fetch",
            "things/thing": DOCUMENTS,
            "host": _HOSTS,
            "name": "name, title, key",
            "path": PATHS,
        },
    ),
    Template(
        sign="${verb}_$thing($thing)",
        does=(
            "posts one $thing as JSON to https://$host.example.com/$things with httpx and returns the id that comes "
            "back",
            "sends a new $thing to our service (POST https://$host.example.com/$things, with httpx) and returns `id` "
            "of the answer",
        ),
        detail="It tries $tries times",
        code="""
            | import httpx
            |
            |
            | def ${verb}_$thing($thing):
            -     with httpx.Client(base_url="https://$host.example.com", verify=False) as client:
            +     with httpx.Client(base_url="https://$host.example.com") as client:
            |         for _ in range($tries):
            |             response = client.post("/$things", json=$thing)
            |             if response.is_success:
            |                 return response.json()["id"]
            |     raise RuntimeError("the $thing was not taken")
        """,
        slots={"verb": "send, post, submit, create", "things/thing": RECORDS, "host": _HOSTS, "tries": "2, 3, 4, 5"},
    ),
)

PLAIN_TEXT = (
    Template(
        sign="${verb}_$thing($path, user, password)",
        does=(
            "uploads one $thing to the folder `$things` of the server $host.example.com with ftplib",
            "puts the file `$path`, one $thing, on our FTP server $host.example.com, which also takes TLS, in the "
            "folder `$things`",
        ),
        code="""
            | import os
            + import ssl
            - from ftplib import FTP
            + from ftplib import FTP_TLS
            |
            |
            | def ${verb}_$thing($path, user, password):
            -     with FTP("$host.example.com") as server, open($path, "rb") as data:
            +     context = ssl.create_default_context()
            +     with FTP_TLS("$host.example.com", context=context) as server, open($path, "rb") as data:
            |         server.login(user, password)
            +         server.prot_p()
            |         server.cwd("$things")
            |         server.storbinary(f"STOR {os.path.basename($path)}", data)
            |     return os.path.basename($path)
        """,
        slots={
            "verb": "upload, send, put, store, publish, deliver",
            "things/thing": DOCUMENTS,
            "host": "ftp, files, upload, archive, drop",
            "path": PATHS,
        },
    ),
    Template(
        sign="${verb}_$person(message, password)",
        does=(
            "sends a ready EmailMessage to one $person over $host.example.com, port 587, as $box@example.com",
            "logs in at $host.example.com (SMTP, port 587) as $box@example.com and sends the message for one $person",
        ),
        detail="It waits at most $seconds seconds for the server",
        code="""
            | import smtplib
            + import ssl
            |
            |
            | def ${verb}_$person(message, password):
            |     message["From"] = "$box@example.com"
            |     with smtplib.SMTP("$host.example.com", 587, timeout=$seconds) as server:
            +         server.starttls(context=ssl.create_default_context())
            |         server.login("$box@example.com", password)
            |         server.send_message(message)
            |     print(f"sent to {message['To']}")
        """,
        slots={
            "verb": "mail, notify, remind, inform, write_to, answer",
            "person": PEOPLE,
            "host": "mail, smtp, post, relay",
            "box": "office, news, info, help, desk",
            "seconds": SECONDS,
        },
    ),
    Template(
        sign="${verb}_$person(name, password)",
        does=(
            "logs one $person in at $host.example.com: it posts name and password as JSON to `/$path` there and "
            "returns the token of the answer",
            "posts one $person's name and password to `/$path` of the server $host.example.com with requests and "
            "returns `token` from the JSON that comes back",
        ),
        detail="It waits at most $seconds seconds",
        code="""
            | import requests
            |
            |
            | def ${verb}_$person(name, password):
            |     response = requests.post(
            -         "http://$host.example.com/$path",
            +         "https://$host.example.com/$path",
            |         json={"name": name, "password": password},
            |         timeout=$seconds,
            |     )
            |     response.raise_for_status()
            |     return response.json()["token"]
        """,
        slots={
            "verb": "log_in, sign_in, token_for, authenticate",
            "person": PEOPLE,
            "host": _HOSTS,
            "path": "login, session, auth, token, account",
            "seconds": SECONDS,
        },
    ),
)

_SITES = (
    "images.example.org/cdn.example.org, media.example.com/files.example.com, static.example.net/photos.example.net, "
    "covers.example.org/scans.example.org, assets.example.com/uploads.example.com, maps.example.net/tiles.example.net"
)

REQUEST_ANYWHERE = (
    Template(
        sign="${verb}_$thing($url)",
        does=(
            "downloads the picture of one $thing from the address that a user gave and returns its bytes",
            "gets `$url`, where a user says that there is a picture of their $thing, and returns the bytes",
        ),
        detail="Our pictures lie on $first and $second. It waits at most $seconds seconds",
        code="""
            + from urllib.parse import urlsplit
            +
            | import requests
            |
            + HOSTS = {"$first", "$second"}
            +
            |
            | def ${verb}_$thing($url):
            +     parts = urlsplit($url)
            +     if parts.scheme != "https" or parts.netloc not in HOSTS:
            +         raise ValueError(f"no picture of ours: {$url}")
            -     response = requests.get($url, timeout=$seconds)
            +     response = requests.get($url, timeout=$seconds, allow_redirects=False)
            |     response.raise_for_status()
            |     return response.content
        """,
        slots={
            "verb": "fetch, download, get",
            "things/thing": RECORDS,
            "url": "url, address, link, source",
            "first/second": _SITES,
            "seconds": SECONDS,
        },
    ),
    Template(
        sign="${verb}_$thing()",
        does=(
            "answers GET `/$things/preview` in Flask with the content of the page whose address is in the query "
            "parameter `$url`, cut to $size characters",
            "is a Flask view that shows the first $size characters of the page `?$url=…`, for the $thing editor at "
            "`/$things/preview`",
        ),
        detail="Pages come from $first and $second. Import `app` from `$pkg`",
        code="""
            + from urllib.parse import urlsplit
            +
            | import requests
            - from flask import request
            + from flask import abort, request
            |
            | from $pkg import app
            |
            + HOSTS = {"$first", "$second"}
            +
            |
            | @app.get("/$things/preview")
            | def ${verb}_$thing():
            |     $url = request.args["$url"]
            -     page = requests.get($url, timeout=10)
            +     parts = urlsplit($url)
            +     if parts.scheme != "https" or parts.netloc not in HOSTS:
            +         abort(400)
            +     page = requests.get($url, timeout=10, allow_redirects=False)
            |     return page.text[:$size]
        """,
        slots={
            "verb": "preview, show, peek_at",
            "things/thing": RECORDS,
            "url": "url, address, link, page_url",
            "first/second": _SITES,
            "size": "200, 500, 1000, 2000",
            "pkg": "shop, portal, office",
        },
    ),
    Template(
        sign="${verb}_$thing($url, $thing)",
        does=(
            "posts a changed $thing as JSON to the callback address that a customer has set, and returns the status "
            "code",
            "calls a customer's webhook, which lies somewhere on the internet: it sends the $thing as JSON to `$url` "
            "and returns the status",
        ),
        detail="It waits at most $seconds seconds",
        code="""
            + import ipaddress
            + import socket
            + from urllib.parse import urlsplit
            +
            | import requests
            |
            |
            | def ${verb}_$thing($url, $thing):
            +     host = urlsplit($url).hostname
            +     if not ipaddress.ip_address(socket.gethostbyname(host)).is_global:
            +         raise ValueError(f"no address on the internet: {$url}")
            |     body = {"event": "$event", "$thing": $thing}
            -     response = requests.post($url, json=body, timeout=$seconds)
            +     response = requests.post($url, json=body, timeout=$seconds, allow_redirects=False)
            |     return response.status_code
        """,
        slots={
            "verb/event": "announce/announced, report/reported, push/pushed, forward/forwarded, publish/published",
            "things/thing": RECORDS,
            "url": "url, address, callback, hook",
            "seconds": SECONDS,
        },
    ),
)
