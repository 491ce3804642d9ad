"""What a browser is told to do: where to go next, and which cookies to keep."""

from pytest_persona.instruments._code_pairs.drafts import Template
from pytest_persona.instruments._code_pairs.vocabulary import PACKAGES, PEOPLE, RECORDS

_PARTNERS = (
    "museum.example.org/library.example.org, pay.example.com/ship.example.com, bank.example.net/mail.example.net, "
    "maps.example.org/trains.example.org, docs.example.com/forum.example.com, news.example.net/radio.example.net, "
    "shop.example.org/blog.example.org, school.example.com/club.example.com"
)
_NEXT = "next, target, back, goto"
_HOURS = "2, 3, 4, 8, 12, 24, 48, 72"

OPEN_REDIRECT = (
    Template(
        sign="${verb}_$person()",
        does=(
            "answers POST `/$person/login` in Flask: it checks the form's name and password with `check` and goes on "
            "to the page in the query parameter `$next`, else to `/$home`",
            "is the login view of every $person in Flask; after `check(name, password)` it redirects to `?$next=` or "
            "to `/$home`",
        ),
        detail="Import `app` and `check` from `$pkg`",
        code="""
            | from flask import abort, redirect, request, session
            |
            | from $pkg import app, check
            |
            |
            | @app.post("/$person/login")
            | def ${verb}_$person():
            |     name = request.form["name"]
            |     if not check(name, request.form["password"]):
            |         abort(401)
            |     session["name"] = name
            |     page = request.args.get("$next", "/$home")
            +     if not page.startswith("/") or page.startswith(("//", "/\\\\")):
            +         page = "/$home"
            |     return redirect(page)
        """,
        slots={
            "verb": "log_in, sign_in, welcome, admit",
            "person": PEOPLE,
            "next": _NEXT,
            "home": "home, start, account, overview, dashboard",
            "pkg": PACKAGES,
        },
    ),
    Template(
        sign="${verb}_$thing(request, pk)",
        does=(
            "is a Django view that marks one $thing as $state and then goes back to the address in the form field "
            "`$next`",
            "sets `$state` of one $thing to True in Django and redirects to `$next` of the form, or to `/`",
        ),
        code="""
            | from django.http import HttpResponseRedirect
            | from django.shortcuts import get_object_or_404
            + from django.utils.http import url_has_allowed_host_and_scheme
            |
            | from .models import $Thing
            |
            |
            | def ${verb}_$thing(request, pk):
            |     $thing = get_object_or_404($Thing, pk=pk, owner=request.user)
            |     $thing.$state = True
            |     $thing.save()
            |     page = request.POST.get("$next", "/")
            +     if not url_has_allowed_host_and_scheme(page, {request.get_host()}):
            +         page = "/"
            |     return HttpResponseRedirect(page)
        """,
        slots={
            "verb": "mark, update, finish",
            "things/thing": RECORDS,
            "state": "done, seen, archived, pinned, hidden, starred, printed, paid",
            "next": _NEXT,
        },
    ),
    Template(
        sign="${verb}_$thing($next)",
        does=(
            "is a FastAPI endpoint, GET `/$things/$way`, that counts a click and sends the visitor on to the address "
            "`$next`",
            "counts how often one $thing link is used (FastAPI, GET `/$things/$way`) and redirects to `$next`",
        ),
        detail="Our links lead to $first and $second. `app` and the Counter `clicks` are in `$pkg`",
        code="""
            + from urllib.parse import urlsplit
            +
            + from fastapi import HTTPException
            | from fastapi.responses import RedirectResponse
            |
            | from $pkg import app, clicks
            |
            + HOSTS = {"$first", "$second"}
            +
            |
            | @app.get("/$things/$way")
            | def ${verb}_$thing($next: str):
            +     parts = urlsplit($next)
            +     if parts.scheme != "https" or parts.netloc not in HOSTS:
            +         raise HTTPException(404)
            |     clicks[$next] += 1
            |     return RedirectResponse($next)
        """,
        slots={
            "verb": "follow, leave_for, visit",
            "things/thing": RECORDS,
            "way": "go, out, link, visit",
            "next": "url, link, target, address",
            "first/second": _PARTNERS,
            "pkg": PACKAGES,
        },
    ),
)

BARE_COOKIE = (
    Template(
        sign="${verb}_$person()",
        does=(
            "answers POST `/$person/session` in Flask: `start` of `$pkg` gives a session id for the JSON that was "
            "sent, which goes into the cookie `$cookie` for $hours hours",
            "is the Flask view `/$person/session`, which calls `$pkg.start` with the posted JSON and keeps the session "
            "id that it returns as the cookie `$cookie`, valid for $hours hours",
        ),
        code="""
            | from flask import jsonify, request
            |
            | from $pkg import app, start
            |
            |
            | @app.post("/$person/session")
            | def ${verb}_$person():
            |     session_id = start(request.get_json())
            |     response = jsonify(ok=True)
            |     response.set_cookie(
            |         "$cookie",
            |         session_id,
            |         max_age=$hours * 3600,
            +         secure=True,
            +         httponly=True,
            +         samesite="Lax",
            |     )
            |     return response
        """,
        slots={
            "verb": "log_in, sign_in, remember",
            "person": PEOPLE,
            "cookie": "session, sid, session_id, ticket, visit",
            "hours": _HOURS,
            "pkg": PACKAGES,
        },
    ),
    Template(
        sign="${verb}_$cookie($token)",
        does=(
            "returns the value of a `Set-Cookie` header that keeps a login token as `$cookie` for $hours hours on "
            "the path `/$path`",
            "writes a Set-Cookie header with the standard library: the cookie `$cookie` holds a login token, for "
            "`/$path` and $hours hours",
        ),
        code="""
            | from http.cookies import SimpleCookie
            |
            |
            | def ${verb}_$cookie($token):
            |     cookie = SimpleCookie()
            |     cookie["$cookie"] = $token
            |     cookie["$cookie"]["path"] = "/$path"
            |     cookie["$cookie"]["max-age"] = $hours * 3600
            +     cookie["$cookie"]["secure"] = True
            +     cookie["$cookie"]["httponly"] = True
            |     return cookie["$cookie"].OutputString()
        """,
        slots={
            "verb": "make, write, build, format, render",
            "cookie": "session, sid, login, ticket, visit, user_token, member, account",
            "token": "token, value, key, ident",
            "path": "app, shop, account, members, desk, club",
            "hours": _HOURS,
        },
    ),
    Template(
        sign="${verb}_$person(request)",
        does=(
            "is a Django view that logs one $person in with `authenticate` and keeps the token of `issue` in the "
            "cookie `$cookie`",
            "takes the name and password of one $person from the form, calls Django's `authenticate`, and answers with "
            "the cookie `$cookie`, which holds `issue(user)`",
        ),
        detail="Import `issue` from `$pkg.tokens`. The cookie is valid for $hours hours",
        code="""
            | from django.contrib.auth import authenticate
            | from django.http import HttpResponse
            |
            | from $pkg.tokens import issue
            |
            |
            | def ${verb}_$person(request):
            |     form = request.POST
            |     user = authenticate(request, username=form["name"], password=form["password"])
            |     if user is None:
            |         return HttpResponse(status=401)
            |     response = HttpResponse("welcome")
            -     response.set_cookie("$cookie", issue(user), max_age=$hours * 3600)
            +     response.set_cookie(
            +         "$cookie", issue(user), max_age=$hours * 3600, secure=True, httponly=True
            +     )
            |     return response
        """,
        slots={
            "verb": "log_in, sign_in, admit, enter",
            "person": PEOPLE,
            "cookie": "session, sid, ticket, visit, login",
            "hours": _HOURS,
            "pkg": PACKAGES,
        },
    ),
)
