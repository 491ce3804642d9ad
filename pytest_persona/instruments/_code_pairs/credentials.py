"""Passwords and keys: written into the source, hashed too fast, or copied into the log."""

from pytest_persona.instruments._code_pairs.drafts import Template
from pytest_persona.instruments._code_pairs.vocabulary import PACKAGES, PEOPLE, RECORDS, SECONDS

_SHORT = "app, shop, office, club, lab, desk, web, report"
_GOODS = (
    "orders/order, invoices/invoice, bookings/booking, tickets/ticket, books/book, courses/course, lessons/lesson, "
    "parcels/parcel, plants/plant, movies/movie, meals/meal, rooms/room, tours/tour, repairs/repair, rentals/rental, "
    "trips/trip, rides/ride, deliveries/delivery, subscriptions/subscription, donations/donation"
)
_PASSWORD = "password, passphrase, secret, pass_word"

PASSWORD_IN_SOURCE = (
    Template(
        sign="${verb}_$things()",
        does=(
            "connects to our PostgreSQL database `$db` as the user `$user` and returns all rows of the table `$things`",
            "reads the whole table `$things` of the PostgreSQL database `$db`, where it logs in as `$user`, with "
            "psycopg",
        ),
        code="""
            + import os
            +
            | import psycopg
            |
            - PASSWORD = "$user-$db-2024"
            + PASSWORD = os.environ["${DB}_PASSWORD"]
            |
            |
            | def ${verb}_$things():
            |     with psycopg.connect(
            |         host="localhost", dbname="$db", user="$user", password=PASSWORD
            |     ) as connection:
            |         return connection.execute("SELECT * FROM $things").fetchall()
        """,
        slots={
            "verb": "load, fetch, read, get",
            "things/thing": RECORDS,
            "db": "main, archive, warehouse, office, sales, school",
            "user": _SHORT,
        },
    ),
    Template(
        sign="${verb}_$things($field)",
        does=(
            "asks our service at https://$host.example.com for the $things with a given $field and returns the JSON",
            "calls GET `/$things?$field=…` of the service https://$host.example.com and gives back what it answers as "
            "JSON",
        ),
        detail="The service wants an API key in the header `X-Api-Key`. Wait at most $seconds seconds",
        code="""
            + import os
            +
            | import requests
            |
            - API_KEY = "$host-$things-key-1"
            + API_KEY = os.environ["${HOST}_API_KEY"]
            |
            |
            | def ${verb}_$things($field):
            |     response = requests.get(
            |         "https://$host.example.com/$things",
            |         params={"$field": $field},
            |         headers={"X-Api-Key": API_KEY},
            |         timeout=$seconds,
            |     )
            |     response.raise_for_status()
            |     return response.json()
        """,
        slots={
            "verb": "get, fetch",
            "things/thing": RECORDS,
            "field": "name, city, status, region, category, year",
            "host": "api, data, stock, crm, erp",
            "seconds": "5, 10, 20",
        },
    ),
    Template(
        sign="${verb}_$person($address, text)",
        does=(
            "mails a text to one $person: from $box@example.com, by the server mail.example.com, port 465",
            "sends `text` as a mail from $box@example.com to one $person, over mail.example.com on port 465, with the "
            "subject `$subject`",
        ),
        detail="The subject is `$subject`, and the server wants us to log in",
        code="""
            + import os
            | import smtplib
            | import ssl
            | from email.message import EmailMessage
            |
            |
            | def ${verb}_$person($address, text):
            |     message = EmailMessage()
            |     message["From"], message["To"] = "$box@example.com", $address
            |     message["Subject"] = "$subject"
            |     message.set_content(text)
            |     context = ssl.create_default_context()
            |     with smtplib.SMTP_SSL("mail.example.com", 465, context=context) as server:
            -         server.login("$box@example.com", "$box-mail-99")
            +         server.login("$box@example.com", os.environ["MAIL_PASSWORD"])
            |         server.send_message(message)
        """,
        slots={
            "verb": "mail, notify, remind, inform",
            "person": PEOPLE,
            "address": "address, email, recipient, mailbox",
            "box": "office, news, info, help, desk",
            "subject": "Reminder, News, Welcome, Your booking, Invitation",
        },
    ),
)

FAST_HASH = (
    Template(
        sign="${verb}_${person}_password($password)",
        does=(
            "turns the password of one $person into the text that we keep in the column `$column` of the database",
            "returns one $person's password as a hash in hexadecimal digits, to be stored in `$column`",
        ),
        code="""
            | import hashlib
            + import os
            |
            |
            | def ${verb}_${person}_password($password):
            |     if not $password:
            |         raise ValueError("$column needs a password")
            -     return hashlib.md5($password.encode()).hexdigest()
            +     salt = os.urandom(16)
            +     digest = hashlib.scrypt($password.encode(), salt=salt, n=2**14, r=8, p=1)
            +     return f"{salt.hex()}:{digest.hex()}"
        """,
        slots={
            "verb": "hash, digest, encode, prepare, store_form_of",
            "person": PEOPLE,
            "password": _PASSWORD,
            "column": "password_hash, pw_hash, digest, login_hash, hashed, credentials, pass_column, key_text, login, "
            "stored, check_text, secret_text",
        },
    ),
    Template(
        sign="${verb}_$person($people, name, $password)",
        does=(
            "adds one $person to the dictionary `$people`, under the name, with a hash of the password and today's "
            "date as `$field`",
            "registers one $person: `$people[name]` becomes a dictionary of the password's hash and today's date as "
            "`$field`",
        ),
        code="""
            | import hashlib
            + import os
            | from datetime import date
            |
            |
            | def ${verb}_$person($people, name, $password):
            |     if name in $people:
            |         raise ValueError(f"{name} is taken")
            -     digest = hashlib.sha1($password.encode()).hexdigest()
            -     $people[name] = {"hash": digest, "$field": date.today()}
            +     salt = os.urandom(16)
            +     digest = hashlib.pbkdf2_hmac("sha256", $password.encode(), salt, 600_000)
            +     $people[name] = {"salt": salt, "hash": digest, "$field": date.today()}
            |     return $people[name]
        """,
        slots={
            "verb": "add, register, enroll, sign_up",
            "person": PEOPLE,
            "people": "people, accounts, registry, table, everybody",
            "password": _PASSWORD,
            "field": "since, joined, created, added",
        },
    ),
    Template(
        sign="${verb}_$person(connection, name, $password)",
        does=(
            "stores a new password of one $person, as a hash, in the column `$column` of the SQLite table `${person}s`",
            "updates `$column` in the table `${person}s` (SQLite) with the hash of a new password and commits",
        ),
        code="""
            | import hashlib
            + import os
            |
            |
            | def ${verb}_$person(connection, name, $password):
            -     digest = hashlib.new("md5", $password.encode()).hexdigest()
            +     salt = os.urandom(16)
            +     digest = hashlib.scrypt($password.encode(), salt=salt, n=2**14, r=8, p=1)
            +     digest = f"{salt.hex()}:{digest.hex()}"
            |     connection.execute(
            |         "UPDATE ${person}s SET $column = ? WHERE name = ?", (digest, name)
            |     )
            |     connection.commit()
        """,
        slots={
            "verb": "set_password_of, change_password_of, renew, reset_password_of",
            "person": PEOPLE,
            "password": _PASSWORD,
            "column": "password_hash, pw_hash, digest, login_hash, hashed, credentials, key_text, stored",
        },
    ),
)

SECRET_IN_LOG = (
    Template(
        sign="${verb}_$person(name, $password)",
        does=(
            "looks one $person up with `find` of `$pkg.accounts`, checks the password with `matches`, writes a line to "
            "the $level log, and returns whether the login is right",
            "tells whether one $person may log in (`find` and `matches` are in `$pkg.accounts`) and logs every try at "
            "level $level",
        ),
        code="""
            | import logging
            |
            | from $pkg.accounts import find, matches
            |
            | log = logging.getLogger("$person")
            |
            |
            | def ${verb}_$person(name, $password):
            |     account = find(name)
            |     right = account is not None and matches(account, $password)
            -     log.$level("login of %s with %s: %s", name, $password, right)
            +     log.$level("login of %s: %s", name, right)
            |     return right
        """,
        slots={
            "verb": "check, log_in, admit, authenticate, sign_in",
            "person": PEOPLE,
            "password": _PASSWORD,
            "pkg": PACKAGES,
            "level": "info, debug, warning",
        },
    ),
    Template(
        sign="${verb}_$thing($thing, card_number, amount)",
        does=(
            "pays for one $thing by card with `charge` of `$pkg.payments`, logs what it does at level $level and "
            "returns the receipt",
            "charges `amount` for one $thing to the card (`charge(card_number, amount)` of `$pkg.payments`), with a "
            "line in the $level log before and after",
        ),
        code="""
            | import logging
            |
            | from $pkg.payments import charge
            |
            | log = logging.getLogger(__name__)
            |
            |
            | def ${verb}_$thing($thing, card_number, amount):
            -     log.$level(f"$thing {$thing}: {amount} from card {card_number}")
            +     log.$level(f"$thing {$thing}: {amount} from card ending in {card_number[-4:]}")
            |     receipt = charge(card_number, amount)
            |     log.$level(f"$thing {$thing} paid, receipt {receipt}")
            |     return receipt
        """,
        slots={
            "verb": "pay_for, buy, settle, check_out, charge_for",
            "things/thing": _GOODS,
            "pkg": PACKAGES,
            "level": "info, debug, warning, error",
        },
    ),
    Template(
        sign="${verb}_$things(token)",
        does=(
            "fetches https://$host.example.com/$things as JSON, with the token as bearer in the header Authorization, "
            "and logs the request",
            "asks https://$host.example.com for `/$things`, passing the bearer token in the Authorization header, logs "
            "the call, and returns the JSON",
        ),
        detail="It waits at most $seconds seconds",
        code="""
            | import logging
            |
            | import requests
            |
            |
            | def ${verb}_$things(token):
            |     url = "https://$host.example.com/$things"
            |     headers = {"Authorization": f"Bearer {token}"}
            |     response = requests.get(url, headers=headers, timeout=$seconds)
            -     logging.info("GET %s %s: %s", url, headers, response.status_code)
            +     logging.info("GET %s: %s", url, response.status_code)
            |     response.raise_for_status()
            |     return response.json()
        """,
        slots={
            "verb": "get, fetch, load, read",
            "things/thing": RECORDS,
            "host": "api, data, stock, crm, erp",
            "seconds": SECONDS,
        },
    ),
)
