"""Records that belong to somebody: shown to others, and changed where nobody meant them to be."""

from pytest_persona.instruments._code_pairs.drafts import Template
from pytest_persona.instruments._code_pairs.vocabulary import PACKAGES, RECORDS

_PAIRS = (
    "name/city, name/phone, email/city, title/language, nickname/birthday, street/phone, email/phone, name/language, "
    "title/note, city/street, nickname/city, email/birthday"
)

OTHERS_RECORDS = (
    Template(
        sign="${verb}_$thing(${thing}_id)",
        does=(
            "answers GET `/$things/<id>` in Flask and shows the logged-in user their $thing as JSON",
            "is a Flask view with Flask-Login that returns a user's $thing by its id as JSON",
        ),
        detail="Import `app` and the model `$Thing`, which has a column `$owner`, from `$pkg.models`",
        code="""
            | from flask import abort, jsonify
            - from flask_login import login_required
            + from flask_login import current_user, login_required
            |
            | from $pkg.models import $Thing, app
            |
            |
            | @app.get("/$things/<int:${thing}_id>")
            | @login_required
            | def ${verb}_$thing(${thing}_id):
            -     $thing = $Thing.query.filter_by(id=${thing}_id).first()
            +     $thing = $Thing.query.filter_by(id=${thing}_id, $owner=current_user.id).first()
            |     if $thing is None:
            |         abort(404)
            |     return jsonify($thing.to_dict())
        """,
        slots={
            "verb": "show, view, read, open, get, look_at, print_out, display",
            "things/thing": RECORDS,
            "owner": "owner_id, user_id, account_id, author_id",
            "pkg": PACKAGES,
        },
    ),
    Template(
        sign="${verb}_$thing(request, pk)",
        does=(
            "is a Django view with which a logged-in user deletes one of their $things by its key",
            "deletes a user's $thing in Django, by its primary key",
        ),
        detail="The model `$Thing` has a foreign key `$owner`; afterwards it redirects to `$page`",
        code="""
            | from django.contrib.auth.decorators import login_required
            | from django.shortcuts import get_object_or_404, redirect
            |
            | from .models import $Thing
            |
            |
            | @login_required
            | def ${verb}_$thing(request, pk):
            -     $thing = get_object_or_404($Thing, pk=pk)
            +     $thing = get_object_or_404($Thing, pk=pk, $owner=request.user)
            |     if request.method == "POST":
            |         $thing.delete()
            |     return redirect("$page")
        """,
        slots={
            "verb": "delete, remove, discard, drop, take_away, throw_out",
            "things/thing": RECORDS,
            "owner": "owner, user, creator, author, created_by",
            "page": "home, overview, dashboard, start, index, listing, summary, welcome",
        },
    ),
    Template(
        sign="${verb}_$thing(${thing}_id)",
        does=(
            "answers GET `/my/$things/<id>` in Flask with a row of the table `$things`, for the user in the session",
            "is the Flask view of `/my/$things/<id>`, where a user who has logged in sees one of their $things",
        ),
        detail="The table has a column `$owner`, and `connect` of `$pkg.db` opens the SQLite database",
        code="""
            | from flask import Blueprint, abort, jsonify, session
            |
            | from $pkg.db import connect
            |
            | pages = Blueprint("$things", __name__)
            |
            |
            | @pages.get("/my/$things/<int:${thing}_id>")
            | def ${verb}_$thing(${thing}_id):
            |     if "user_id" not in session:
            |         abort(401)
            -     query = "SELECT * FROM $things WHERE id = ?"
            -     row = connect().execute(query, (${thing}_id,)).fetchone()
            +     query = "SELECT * FROM $things WHERE id = ? AND $owner = ?"
            +     row = connect().execute(query, (${thing}_id, session["user_id"])).fetchone()
            |     if row is None:
            |         abort(404)
            |     return jsonify(dict(row))
        """,
        slots={
            "verb": "show, view, read, open, get, look_at, print_out, display",
            "things/thing": RECORDS,
            "owner": "owner_id, user_id, account_id, author_id",
            "pkg": PACKAGES,
        },
    ),
)

MASS_ASSIGNMENT = (
    Template(
        sign="${verb}_$thing()",
        does=(
            "answers PATCH `/my/$thing` in Flask and lets the logged-in user change the $a and the $b of their $thing",
            "is a Flask view for `/my/$thing` that takes JSON and edits the `$a` and `$b` of the $thing that the "
            "logged-in user has",
        ),
        detail="Import `app` and `db` from `$pkg`; the $thing is `current_user.$thing` of Flask-Login",
        code="""
            | from flask import jsonify, request
            | from flask_login import current_user, login_required
            |
            | from $pkg import app, db
            |
            |
            | @app.patch("/my/$thing")
            | @login_required
            | def ${verb}_$thing():
            |     $thing = current_user.$thing
            |     data = request.get_json()
            -     for key, value in data.items():
            -         setattr($thing, key, value)
            +     for key in ("$a", "$b"):
            +         if key in data:
            +             setattr($thing, key, data[key])
            |     db.session.commit()
            |     return jsonify($thing.to_dict())
        """,
        slots={
            "verb": "edit, update, change, patch, correct, rewrite",
            "things/thing": RECORDS,
            "a/b": _PAIRS,
            "pkg": PACKAGES,
        },
    ),
    Template(
        sign="${verb}_$thing()",
        does=(
            "answers POST `/$things` in Flask and stores one new $thing from the JSON that was sent, its $a and $b",
            "is the Flask view of `/$things` that makes one new $thing out of the `$a` and `$b` in the JSON body",
        ),
        detail="Import `app`, `db` and `$Thing` from `$pkg.models`",
        code="""
            | from flask import jsonify, request
            |
            | from $pkg.models import $Thing, app, db
            |
            |
            | @app.post("/$things")
            | def ${verb}_$thing():
            |     data = request.get_json()
            -     $thing = $Thing(**data)
            +     $thing = $Thing($a=data["$a"], $b=data["$b"])
            |     db.session.add($thing)
            |     db.session.commit()
            |     return jsonify(id=$thing.id), 201
        """,
        slots={
            "verb": "create, add, register, save, make, insert",
            "things/thing": RECORDS,
            "a/b": _PAIRS,
            "pkg": PACKAGES,
        },
    ),
    Template(
        sign="${verb}_$thing($things, ${thing}_id, $form)",
        does=(
            "copies the $a and $b that somebody typed in (`$form`) into their entry of the dictionary `$things`",
            "takes a filled-in form with `$a` and `$b` and changes that $thing in the dictionary `$things`",
        ),
        detail="It returns the changed entry",
        code="""
            + EDITABLE = ("$a", "$b")
            +
            +
            | def ${verb}_$thing($things, ${thing}_id, $form):
            |     $thing = $things.get(${thing}_id)
            |     if $thing is None:
            |         raise KeyError(f"no $thing {${thing}_id}")
            -     $thing.update($form)
            +     $thing.update({key: $form[key] for key in EDITABLE if key in $form})
            |     $things[${thing}_id] = $thing
            |     return $thing
        """,
        slots={
            "verb": "edit, update, change, correct, revise, amend",
            "things/thing": RECORDS,
            "a/b": _PAIRS,
            "form": "form, data, changes, answers, values, typed",
        },
    ),
)
