"""What a browser is shown: other people's text as markup, and errors in full."""

from pytest_persona.instruments._code_pairs.drafts import Template
from pytest_persona.instruments._code_pairs.vocabulary import FIELDS, PACKAGES, RECORDS

_SAID = (
    "author/text, name/message, user/comment, guest/entry, sender/body, customer/review, player/answer, reader/letter, "
    "member/remark, student/question"
)
_SORRY = (
    "Something went wrong, Please try again later, An error occurred, This did not work, We could not do that, "
    "Please try once more, Nothing was changed, The request failed"
)

SCRIPT_IN_PAGE = (
    Template(
        sign="${verb}_$entries($entries)",
        does=(
            "turns a list of dictionaries with `$who` and `$what` into an HTML list ($list) and returns it as one text",
            "makes the HTML of our $entries: a `$list` with one `li` for each, the $who in bold and then the $what",
        ),
        code="""
            + import html
            +
            +
            | def ${verb}_$entries($entries):
            |     parts = ["<$list>"]
            |     for entry in $entries:
            -         $who, $what = entry["$who"], entry["$what"]
            +         $who, $what = html.escape(entry["$who"]), html.escape(entry["$what"])
            |         parts.append(f"<li><b>{$who}</b>: {$what}</li>")
            |     parts.append("</$list>")
            |     return "\\n".join(parts)
        """,
        slots={
            "verb": "render, format, show, draw, list, print_out, make_list_of, build",
            "entries": "comments, reviews, messages, answers, posts, entries, replies, remarks, questions, letters, "
            "greetings, notes, ratings, tips",
            "who/what": _SAID,
            "list": "ul, ol",
        },
    ),
    Template(
        sign="${verb}_$things()",
        does=(
            "answers GET `/$things` in Flask with a small HTML page: a heading that repeats the query parameter "
            "`$term`, and the number of $things whose $field contains it",
            "is the Flask view of the page `/$things?$term=…`; the page says what was looked for and how many $things "
            "have it in their $field",
        ),
        detail="`app` and the list of dictionaries `$THINGS` are in `$pkg`",
        code="""
            | from flask import request
            + from markupsafe import escape
            |
            | from $pkg import $THINGS, app
            |
            |
            | @app.get("/$things")
            | def ${verb}_$things():
            |     $term = request.args.get("$term", "")
            |     count = sum($term in $thing["$field"] for $thing in $THINGS)
            -     return f"<h1>Results for {$term}</h1><p>{count} $things</p>"
            +     return f"<h1>Results for {escape($term)}</h1><p>{count} $things</p>"
        """,
        slots={
            "verb": "search, find",
            "things/thing": RECORDS,
            "field": FIELDS,
            "term": "q, term, text, wanted",
            "pkg": PACKAGES,
        },
    ),
    Template(
        sign="${verb}_$thing($thing)",
        does=(
            "renders the Jinja template `$thing.html` from the folder `$folder` with one $thing and returns the page",
            "loads `$thing.html` out of `$folder` with Jinja, fills in the $thing and returns the HTML",
        ),
        detail="The template also gets `title`, which is the `$field` of the $thing",
        code="""
            | from jinja2 import Environment, FileSystemLoader
            |
            |
            | def ${verb}_$thing($thing):
            |     loader = FileSystemLoader("$folder")
            -     environment = Environment(loader=loader, autoescape=False)
            +     environment = Environment(loader=loader, autoescape=True)
            |     page = environment.get_template("$thing.html")
            |     return page.render($thing=$thing, title=$thing["$field"])
        """,
        slots={
            "verb": "render, show, display, draw",
            "things/thing": RECORDS,
            "folder": "templates, pages, views, html, layouts",
            "field": FIELDS,
        },
    ),
    Template(
        sign="${verb}_${thing}_$field($thing)",
        does=(
            "returns the `$field` of one $thing as a Django HTML snippet: a `$tag` element with the class `$thing`",
            "is a Django template filter that puts the $field which a user gave one $thing into `<$tag>`, of the class "
            "`$thing`",
        ),
        code="""
            | from django import template
            - from django.utils.safestring import mark_safe
            + from django.utils.html import format_html
            |
            | register = template.Library()
            |
            |
            | @register.filter
            | def ${verb}_${thing}_$field($thing):
            |     $field = $thing.$field or "-"
            -     return mark_safe(f'<$tag class="$thing">{$field}</$tag>')
            +     return format_html('<$tag class="$thing">{}</$tag>', $field)
        """,
        slots={
            "verb": "show, render, mark_up",
            "things/thing": RECORDS,
            "field": FIELDS,
            "tag": "p, span, div, h2, strong, td",
        },
    ),
)

ERRORS_IN_FULL = (
    Template(
        sign="${verb}_$error($error)",
        does=(
            "is the Flask error handler for every exception of our app for $things: it answers with a text and status "
            "$status",
            "handles any exception that a Flask view of the $things app raises and returns a page of plain text with "
            "status $status",
        ),
        detail="Import `app` from `$pkg`. The text begins with `$sorry`",
        code="""
            - import traceback
            -
            | from $pkg import app
            |
            |
            | @app.errorhandler(Exception)
            | def ${verb}_$error($error):
            |     app.logger.error("a request for $things failed", exc_info=$error)
            -     details = "".join(traceback.format_exception($error))
            -     return f"$sorry.\\n\\n{details}", $status
            +     return "$sorry.", $status
        """,
        slots={
            "verb": "handle, report, answer",
            "error": "error, failure, problem",
            "things/thing": RECORDS,
            "status": "500, 503",
            "pkg": PACKAGES,
            "sorry": _SORRY,
        },
    ),
    Template(
        sign="${verb}_$thing(${thing}_id)",
        does=(
            "answers GET `/api/$things/<id>` in Flask with the JSON that `load` gives, and with status 500 and a JSON "
            "error when that fails",
            "is a Flask view that returns `load(${thing}_id)` as JSON; if anything is raised it returns JSON with the "
            "key `$error` and status 500",
        ),
        detail="Import `app` and `load` from `$pkg.$things`; `$error` is the key of the error",
        code="""
            | from flask import jsonify
            |
            | from $pkg.$things import app, load
            |
            |
            | @app.get("/api/$things/<int:${thing}_id>")
            | def ${verb}_$thing(${thing}_id):
            |     try:
            |         return jsonify(load(${thing}_id))
            -     except Exception as failure:
            +     except Exception:
            |         app.logger.exception("$thing %s could not be loaded", ${thing}_id)
            -         return jsonify($error=repr(failure), args=failure.args), 500
            +         return jsonify($error="the $thing could not be loaded"), 500
        """,
        slots={
            "verb": "show, get, read, fetch",
            "things/thing": RECORDS,
            "error": "error, message, problem, detail",
            "pkg": PACKAGES,
        },
    ),
    Template(
        sign="${verb}_$thing(body)",
        does=(
            "is a FastAPI endpoint, POST `/$things`, that stores one $thing with `store` and answers status $status "
            "when that raises something",
            "stores one $thing in a FastAPI app (POST `/$things`, using `store`); on any exception it raises "
            "HTTPException with status $status",
        ),
        detail="`app` and `store` are in `$pkg`, `body` is a dictionary",
        code="""
            | import logging
            - import traceback
            |
            | from fastapi import HTTPException
            |
            | from $pkg import app, store
            |
            |
            | @app.post("/$things")
            | def ${verb}_$thing(body: dict):
            |     try:
            |         return {"id": store(body)}
            |     except Exception as error:
            |         logging.exception("no $thing was stored")
            -         raise HTTPException($status, traceback.format_exc()) from error
            +         raise HTTPException($status, "no $thing was stored") from error
        """,
        slots={
            "verb": "create, add, save, register, post",
            "things/thing": RECORDS,
            "status": "500, 502, 503, 400",
            "pkg": PACKAGES,
        },
    ),
)
