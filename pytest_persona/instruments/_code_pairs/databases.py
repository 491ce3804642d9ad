"""Tables and SQL that is built from text."""

from pytest_persona.instruments._code_pairs.drafts import Template
from pytest_persona.instruments._code_pairs.vocabulary import FIELDS, RECORDS

SQL_INJECTION = (
    Template(
        sign="${verb}_$things($db, $field)",
        does=(
            "looks up all $things with a given $field in the SQLite file `$db` and returns the rows",
            "returns every row of the table `$things` in the SQLite database at `$db` whose `$field` is the given one",
        ),
        code="""
            | import sqlite3
            |
            |
            | def ${verb}_$things($db, $field):
            |     connection = sqlite3.connect($db)
            -     query = f"SELECT * FROM $things WHERE $field = '{$field}'"
            -     rows = connection.execute(query).fetchall()
            +     query = "SELECT * FROM $things WHERE $field = ?"
            +     rows = connection.execute(query, ($field,)).fetchall()
            |     connection.close()
            |     return rows
        """,
        slots={
            "verb": "find, fetch, get, list",
            "things/thing": RECORDS,
            "field": FIELDS,
            "db": "path, db_path, database, db_file",
        },
    ),
    Template(
        sign="${verb}_${thing}_$field(connection, ${thing}_id, $value)",
        does=(
            "sets the column `$field` of one row of the PostgreSQL table `$things` and returns how many rows changed",
            "updates `$field` in the row of `$things` with that id, commits, and returns the row count",
        ),
        detail="`connection` is one of psycopg",
        code="""
            | def ${verb}_${thing}_$field(connection, ${thing}_id, $value):
            |     cursor = connection.cursor()
            |     cursor.execute(
            -         "UPDATE $things SET $field = '%s' WHERE id = %s" % ($value, ${thing}_id)
            +         "UPDATE $things SET $field = %s WHERE id = %s", ($value, ${thing}_id)
            |     )
            |     connection.commit()
            |     changed = cursor.rowcount
            |     cursor.close()
            |     return changed
        """,
        slots={
            "verb": "set, update, change, edit",
            "things/thing": RECORDS,
            "field": FIELDS,
            "value": "value, text, new_value, entry",
        },
    ),
    Template(
        sign="${verb}_$things()",
        does=(
            "answers GET `/$things/search` in Flask: the $things of `$things.db` whose $field contains the query "
            "parameter `$term`, as JSON",
            "is a Flask view for `/$things/search` and returns the id and $field of all $things in `$things.db` whose "
            "$field contains the text in `?$term=`",
        ),
        code="""
            | import sqlite3
            |
            | from flask import Flask, jsonify, request
            |
            | app = Flask(__name__)
            |
            |
            | @app.get("/$things/search")
            | def ${verb}_$things():
            |     $term = request.args.get("$term", "")
            |     connection = sqlite3.connect("$things.db")
            -     query = "SELECT id, $field FROM $things WHERE $field LIKE '%" + $term + "%'"
            -     rows = connection.execute(query).fetchall()
            +     query = "SELECT id, $field FROM $things WHERE $field LIKE ?"
            +     rows = connection.execute(query, (f"%{$term}%",)).fetchall()
            |     connection.close()
            |     return jsonify(rows)
        """,
        slots={
            "verb": "search, find, match, filter",
            "things/thing": RECORDS,
            "field": FIELDS,
            "term": "q, term, text, query_text",
        },
    ),
    Template(
        sign="${verb}_$things(connection, $field)",
        does=(
            "deletes the $things with a given $field from the MySQL table `$things` and returns how many there were",
            "takes all rows with that `$field` out of the MySQL table `$things` and returns their number",
        ),
        code="""
            | def ${verb}_$things(connection, $field):
            |     with connection.cursor() as cursor:
            -         query = "DELETE FROM $things WHERE $field = '{}'".format($field)
            -         cursor.execute(query)
            +         query = "DELETE FROM $things WHERE $field = %s"
            +         cursor.execute(query, ($field,))
            |         removed = cursor.rowcount
            |     connection.commit()
            |     print(f"removed {removed} $things")
            |     return removed
        """,
        slots={
            "verb": "remove, delete, drop, purge, clear_out, take_out",
            "things/thing": RECORDS,
            "field": FIELDS,
        },
    ),
)
