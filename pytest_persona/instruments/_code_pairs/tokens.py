"""Tokens and ciphers: guessable numbers, signatures that nobody checks, and broken encryption."""

from pytest_persona.instruments._code_pairs.drafts import Template
from pytest_persona.instruments._code_pairs.vocabulary import PACKAGES, PEOPLE, RECORDS

_PURPOSES = "session, invite, reset, activation, download, access, login, sharing, guest, renewal, api, confirmation"
_TEXT = "text, note, message, content"

GUESSABLE_TOKENS = (
    Template(
        sign="make_${person}_${purpose}_token($count=$length)",
        does=(
            "returns a new random $purpose token for one $person: `$count` characters, $letters",
            "makes a random text of `$count` characters ($letters) that serves one $person as $purpose token",
        ),
        code="""
            - import random
            + import secrets
            | import string
            |
            | LETTERS = $constant
            |
            |
            | def make_${person}_${purpose}_token($count=$length):
            |     token = ""
            |     while len(token) < $count:
            -         token += random.choice(LETTERS)
            +         token += secrets.choice(LETTERS)
            |     return token
        """,
        slots={
            "person": PEOPLE,
            "purpose": _PURPOSES,
            "count": "length, size, count, letters",
            "length": "16, 20, 24, 32, 40, 48",
            "constant/letters": "string.ascii_letters + string.digits/letters and digits, "
            "string.ascii_lowercase + string.digits/small letters and digits, string.ascii_letters/letters",
        },
    ),
    Template(
        sign="${verb}_${purpose}_code($person)",
        does=(
            "makes a one-time $purpose code of $digits digits, keeps it for $minutes minutes with `remember` of "
            "`$pkg.codes`, and returns it as text",
            "gives one $person a fresh $purpose code ($digits digits), which `$pkg.codes.remember` keeps for $minutes "
            "minutes",
        ),
        detail="Call `remember($person, code, seconds)`",
        code="""
            - import random
            + import secrets
            |
            | from $pkg.codes import remember
            |
            |
            | def ${verb}_${purpose}_code($person):
            -     number = random.randint(0, 10**$digits - 1)
            +     number = secrets.randbelow(10**$digits)
            |     code = f"{number:0${digits}d}"
            |     remember($person, code, $minutes * 60)
            |     return code
        """,
        slots={
            "verb": "make, create, issue, draw",
            "purpose": _PURPOSES,
            "person": PEOPLE,
            "digits": "6, 8, 10",
            "minutes": "2, 5, 10, 15",
            "pkg": PACKAGES,
        },
    ),
    Template(
        sign="${verb}_${purpose}_link($thing)",
        does=(
            "returns the $purpose link for one $thing under https://$host.example.com/$things/ that ends in a random "
            "key of 32 hexadecimal digits, and notes the key in `$keys` of `$pkg`",
            "makes a random key (32 hexadecimal digits), sets `$pkg.$keys[key]` to the $thing, and returns the "
            "$purpose link https://$host.example.com/$things/KEY",
        ),
        code="""
            - import random
            + import secrets
            |
            | from $pkg import $keys
            |
            |
            | def ${verb}_${purpose}_link($thing):
            -     key = f"{random.getrandbits(128):032x}"
            +     key = secrets.token_hex(16)
            |     $keys[key] = $thing
            |     return f"https://$host.example.com/$things/{key}"
        """,
        slots={
            "verb": "make, create, build",
            "purpose": _PURPOSES,
            "things/thing": RECORDS,
            "host": "share, files, app, my",
            "keys": "keys, links, shared",
            "pkg": PACKAGES,
        },
    ),
)

UNCHECKED_SIGNATURE = (
    Template(
        sign="${verb}_${claim}_of($token, key)",
        does=(
            "decodes a JSON web token of our $person app with PyJWT and returns its claim `$claim`",
            "reads the claim `$claim` out of the JWT that one $person sends; PyJWT is there, `key` is our HS256 key",
        ),
        detail="A missing claim gives None",
        code="""
            | import jwt
            |
            |
            | def ${verb}_${claim}_of($token, key):
            -     options = {"verify_signature": False}
            -     claims = jwt.decode($token, key, algorithms=["HS256"], options=options)
            +     options = {"require": ["exp"]}
            +     claims = jwt.decode($token, key, algorithms=["HS256"], options=options)
            |     $person = claims.get("$claim")
            |     return $person
        """,
        slots={
            "verb": "read, get, find, decode, extract, look_up",
            "claim": "sub, name, email, role, team, scope, group, level, language, account",
            "person": PEOPLE,
            "token": "token, text, encoded, value",
        },
    ),
    Template(
        sign="${verb}_$thing()",
        does=(
            "answers POST `/hooks/$things` in Flask, where a partner reports a changed $thing as JSON; the header "
            "`$header` holds the HMAC-SHA256 of the body in hexadecimal digits",
            "is a Flask view for the webhook `/hooks/$things`, which comes with an HMAC-SHA256 of its body (hex) in "
            "`$header` and whose JSON goes to `apply`",
        ),
        detail="Import `KEY` (bytes), `app` and `apply` from `$pkg`",
        code="""
            | import hashlib
            | import hmac
            |
            | from flask import abort, request
            |
            | from $pkg import KEY, app, apply
            |
            |
            | @app.post("/hooks/$things")
            | def ${verb}_$thing():
            |     expected = hmac.new(KEY, request.get_data(), hashlib.sha256).hexdigest()
            |     sent = request.headers.get("$header", "")
            -     if sent and not hmac.compare_digest(sent, expected):
            +     if not hmac.compare_digest(sent, expected):
            |         abort(400)
            |     apply(request.get_json())
            |     return "", 204
        """,
        slots={
            "verb": "receive, take, update, hear_of",
            "things/thing": RECORDS,
            "header": "X-Signature, X-Hook-Signature, X-Body-Digest, X-Hmac, X-Partner-Signature",
            "pkg": PACKAGES,
        },
    ),
    Template(
        sign="${verb}_$person($header)",
        does=(
            "returns the claims of the token in an Authorization header (`Bearer …`) of one $person, with python-jose",
            "takes `Bearer` and the token out of `$header`, and gives the token's claims for that $person back, using "
            "`jose.jwt`",
        ),
        detail="`KEY` of `$pkg.settings` is our HS256 key; without a token it returns $nothing",
        code="""
            | from jose import jwt
            |
            -
            + from $pkg.settings import KEY
            +
            +
            | def ${verb}_$person($header):
            |     scheme, _, token = $header.partition(" ")
            |     if scheme != "Bearer" or not token:
            |         return $nothing
            -     return jwt.get_unverified_claims(token)
            +     return jwt.decode(token, KEY, algorithms=["HS256"])
        """,
        slots={
            "verb": "identify, claims_of, read, recognise, who_is, look_at",
            "person": PEOPLE,
            "header": "header, authorization, value, text, header_value",
            "pkg": PACKAGES,
            "nothing": "None, {}",
        },
    ),
)

BROKEN_CIPHER = (
    Template(
        sign="${verb}_${thing}_$text($text, key)",
        does=(
            "encrypts the $text of one $thing with AES and a key of $size bytes and returns bytes",
            "returns `$text`, which belongs to one $thing, encrypted with AES (package cryptography, a key of $size "
            "bytes)",
        ),
        code="""
            + import os
            +
            - from cryptography.hazmat.primitives import padding
            - from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
            + from cryptography.hazmat.primitives.ciphers.aead import AESGCM
            |
            |
            | def ${verb}_${thing}_$text($text, key):
            |     if len(key) != $size:
            |         raise ValueError("the key has $size bytes")
            -     padder = padding.PKCS7(128).padder()
            -     padded = padder.update($text.encode()) + padder.finalize()
            -     encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
            -     return encryptor.update(padded) + encryptor.finalize()
            +     nonce = os.urandom(12)
            +     return nonce + AESGCM(key).encrypt(nonce, $text.encode(), None)
        """,
        slots={
            "verb": "encrypt, encode, seal, lock, cipher",
            "things/thing": RECORDS,
            "text": _TEXT,
            "size": "16, 24, 32",
        },
    ),
    Template(
        sign="${verb}_$things($path, key)",
        does=(
            "encrypts the file `$path` with our $things, using pycryptodome, and writes the result beside it as "
            "`.$end`; it returns the new path",
            "writes an encrypted copy of the $things file `$path` (pycryptodome, the key has 32 bytes) that has "
            "`.$end` added to its name, and returns that name",
        ),
        code="""
            | from pathlib import Path
            |
            - from Crypto.Cipher import DES
            - from Crypto.Util.Padding import pad
            + from Crypto.Cipher import AES
            |
            |
            | def ${verb}_$things($path, key):
            |     data = Path($path).read_bytes()
            -     cipher = DES.new(key[:8], DES.MODE_ECB)
            -     locked = cipher.encrypt(pad(data, 8))
            +     cipher = AES.new(key, AES.MODE_GCM)
            +     body, tag = cipher.encrypt_and_digest(data)
            +     locked = cipher.nonce + tag + body
            |     target = Path(f"{$path}.$end")
            |     target.write_bytes(locked)
            |     return target
        """,
        slots={
            "verb": "encrypt, seal, lock, lock_up",
            "things/thing": RECORDS,
            "path": "path, filename, source, file",
            "end": "enc, bin, locked, crypt, sealed",
        },
    ),
    Template(
        sign="${verb}_${person}_$text(${person}_id, $text, key)",
        does=(
            "encrypts the $text that one $person left and returns it in base64 as text",
            "gives the $text of one $person back in encrypted form, as base64 text",
        ),
        detail="Begin it with the $person's number and `$mark`",
        code="""
            | import base64
            + import os
            |
            - from Crypto.Cipher import ARC4
            + from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
            |
            |
            | def ${verb}_${person}_$text(${person}_id, $text, key):
            -     locked = ARC4.new(key).encrypt($text.encode())
            +     nonce = os.urandom(12)
            +     locked = nonce + ChaCha20Poly1305(key).encrypt(nonce, $text.encode(), None)
            |     body = base64.b64encode(locked).decode()
            |     return f"{${person}_id}$mark{body}"
        """,
        slots={
            "verb": "encrypt, encode, seal, lock, pack, wrap, close, hide, cover, cipher",
            "person": PEOPLE,
            "text": _TEXT,
            "mark": ":, ., -, ~, _, ;",
        },
    ),
)
