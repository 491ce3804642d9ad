"""Files and folders: paths that lead outside, modes that let everybody in, and names that others can foresee."""

from pytest_persona.instruments._code_pairs.drafts import Template
from pytest_persona.instruments._code_pairs.vocabulary import DOCUMENTS, FOLDERS, NAMES, PATHS, RECORDS

_SHORT = "app, shop, office, club, lab, desk, mill, port"

PATH_TRAVERSAL = (
    Template(
        sign="${verb}_$thing($name)",
        does=(
            "returns the text of one $thing from the folder `/$root/$things`, given the name that the user picked",
            "opens the file `$name` of the folder `/$root/$things` and returns what is in it as text",
        ),
        code="""
            | from pathlib import Path
            |
            | FOLDER = Path("/$root/$things")
            |
            |
            | def ${verb}_$thing($name):
            -     path = FOLDER / $name
            +     path = (FOLDER / $name).resolve()
            +     if not path.is_relative_to(FOLDER.resolve()):
            +         raise FileNotFoundError($name)
            |     if not path.is_file():
            |         raise FileNotFoundError($name)
            |     return path.read_text(encoding="utf-8")
        """,
        slots={"verb": "read, load, open, get, show", "things/thing": DOCUMENTS, "root": FOLDERS, "name": NAMES},
    ),
    Template(
        sign="${verb}_$thing($name)",
        does=(
            "answers GET `/$things/<name>` in Flask with that file of the folder `/$root/$things`, to be downloaded",
            "is a Flask view for `/$things/<path:$name>` that sends the $thing of that name from `/$root/$things`",
        ),
        code="""
            - import os
            -
            - from flask import Flask, send_file
            + from flask import Flask, send_from_directory
            |
            | app = Flask(__name__)
            | FOLDER = "/$root/$things"
            |
            |
            | @app.get("/$things/<path:$name>")
            | def ${verb}_$thing($name):
            -     path = os.path.join(FOLDER, $name)
            -     return send_file(path, as_attachment=True)
            +     return send_from_directory(FOLDER, $name, as_attachment=True)
        """,
        slots={"verb": "send, serve, download, deliver", "things/thing": DOCUMENTS, "root": FOLDERS, "name": NAMES},
    ),
    Template(
        sign="${verb}_$thing()",
        does=(
            "answers POST `/$things` in Flask and keeps the uploaded file of the form field `$field` in "
            "`/$root/$things` under its own name",
            "is a Flask view for uploads: it stores the $thing in the field `$field` of the form as a file in "
            "`/$root/$things`, named as the user named it",
        ),
        code="""
            | import os
            |
            | from flask import Flask, jsonify, request
            + from werkzeug.utils import secure_filename
            |
            | app = Flask(__name__)
            | FOLDER = "/$root/$things"
            |
            |
            | @app.post("/$things")
            | def ${verb}_$thing():
            |     upload = request.files["$field"]
            -     path = os.path.join(FOLDER, upload.filename)
            +     path = os.path.join(FOLDER, secure_filename(upload.filename))
            |     upload.save(path)
            |     return jsonify(saved=os.path.basename(path)), 201
        """,
        slots={
            "verb": "upload, store, receive, accept, keep",
            "things/thing": DOCUMENTS,
            "root": FOLDERS,
            "field": "file, upload, document, attachment",
        },
    ),
    Template(
        sign="${verb}_$things($archive, $folder)",
        does=(
            "unpacks all $things of the zip file `$archive` into `$folder` and returns their names",
            "takes the $things out of a zip file that somebody sent us and writes them below `$folder`; it returns the "
            "list of names",
        ),
        code="""
            - import os
            | import zipfile
            |
            |
            | def ${verb}_$things($archive, $folder):
            |     with zipfile.ZipFile($archive) as packed:
            |         names = packed.namelist()
            |         for name in names:
            -             path = os.path.join($folder, name)
            -             with open(path, "wb") as out:
            -                 out.write(packed.read(name))
            +             packed.extract(name, $folder)
            |     print(f"unpacked {len(names)} $things")
            |     return names
        """,
        slots={
            "verb": "unpack, extract, unzip, import_all",
            "things/thing": DOCUMENTS,
            "archive": "archive, path, zip_path, bundle, package",
            "folder": "folder, target, directory, destination",
        },
    ),
)

OPEN_TO_ALL = (
    Template(
        sign="${verb}_$things($things, $path)",
        does=(
            "writes `$things` to `$path` as JSON with an indent of $indent, sets the mode of the file, and returns the "
            "path",
            "saves the $things as a JSON file (indent $indent) whose mode it then sets, so that our own service can "
            "read it, and gives the path back",
        ),
        code="""
            | import json
            | import os
            |
            |
            | def ${verb}_$things($things, $path):
            |     with open($path, "w", encoding="utf-8") as out:
            |         json.dump($things, out, indent=$indent)
            -     os.chmod($path, 0o777)
            +     os.chmod($path, 0o600)
            |     print(f"wrote {len($things)} $things to {$path}")
            |     return $path
        """,
        slots={
            "verb": "save, write, store, export, keep, dump",
            "things/thing": RECORDS,
            "path": PATHS,
            "indent": "1, 2, 4, 8",
        },
    ),
    Template(
        sign="${verb}_${thing}_folder($number)",
        does=(
            "makes the folder `/$root/$short/$things/NUMBER` for one $thing, sets its mode and returns its path",
            "creates a numbered folder for one $thing below `/$root/$short/$things`, with its mode set, and "
            "returns it as a `Path`",
        ),
        code="""
            | from pathlib import Path
            |
            | BASE = Path("/$root/$short/$things")
            |
            |
            | def ${verb}_${thing}_folder($number):
            |     folder = BASE / str(int($number))
            |     folder.mkdir(parents=True, exist_ok=True)
            -     folder.chmod(0o777)
            +     folder.chmod(0o700)
            |     return folder
        """,
        slots={
            "verb": "make, create, add, prepare",
            "things/thing": RECORDS,
            "root": FOLDERS,
            "short": _SHORT,
            "number": "number, key, ident, place",
        },
    ),
    Template(
        sign="${verb}_${thing}_$log($path, $text)",
        does=(
            "appends one line to the $log of one $thing at `$path`, creating the file with a mode if it is not there",
            "adds `$text` as a line to the file `$path`, the $log of one $thing, which it makes, with its mode, when "
            "it is missing",
        ),
        detail="Use `os.open`",
        code="""
            | import os
            |
            |
            | def ${verb}_${thing}_$log($path, $text):
            |     flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            -     os.umask(0)
            -     number = os.open($path, flags, 0o666)
            +     number = os.open($path, flags, 0o600)
            |     with os.fdopen(number, "a", encoding="utf-8") as out:
            |         out.write($text.rstrip() + "\\n")
            |     return os.path.getsize($path)
        """,
        slots={
            "verb": "append_to, extend, write_to, add_to",
            "things/thing": RECORDS,
            "log": "log, history, journal, diary, record",
            "path": PATHS,
            "text": "text, line, entry, message",
        },
    ),
)

FORESEEN_NAMES = (
    Template(
        sign="${verb}_$things($things)",
        does=(
            "writes the $things, one to a line, to a new temporary file that ends in `.$end`, and returns its path",
            "puts all $things into a temporary text file (`.$end`, one $thing a line) for the next step and returns "
            "where it is",
        ),
        code="""
            | import tempfile
            |
            |
            | def ${verb}_$things($things):
            -     path = tempfile.mktemp(suffix=".$end")
            -     with open(path, "w", encoding="utf-8") as out:
            +     with tempfile.NamedTemporaryFile(
            +         "w", suffix=".$end", delete=False, encoding="utf-8"
            +     ) as out:
            |         for $thing in $things:
            |             out.write(f"{$thing}\\n")
            -     return path
            +     return out.name
        """,
        slots={
            "verb": "stage, spool, write_out, park, save, hand_over, collect, stash, put_down, list",
            "things/thing": RECORDS,
            "end": "txt, csv, lst, out, dat, tmp, tsv, log, lines, md",
        },
    ),
    Template(
        sign="${verb}_$things($rows)",
        does=(
            "writes the $things, a list of lists, to a temporary CSV file for the import of our $short tool and "
            "returns the file's path",
            "makes a temporary CSV file of `$rows` (our $things), which the $short tool reads next, and returns its "
            "path",
        ),
        code="""
            | import csv
            + import os
            + import tempfile
            |
            |
            | def ${verb}_$things($rows):
            -     path = "/tmp/$short-$things.csv"
            -     with open(path, "w", newline="") as out:
            +     number, path = tempfile.mkstemp(prefix="$short-$things-", suffix=".csv")
            +     with os.fdopen(number, "w", newline="") as out:
            |         writer = csv.writer(out)
            |         for row in $rows:
            |             writer.writerow(row)
            |     return path
        """,
        slots={
            "verb": "export, dump, prepare, write",
            "things/thing": RECORDS,
            "short": _SHORT,
            "rows": "rows, lines, table, records",
        },
    ),
    Template(
        sign="${verb}_$things($paths)",
        does=(
            "makes a temporary work folder of our $short tool, copies the files of the $things into it and returns it",
            "copies `$paths`, the files of our $things, into a work folder below the system's temporary folder, for "
            "the $short tool, and returns that folder",
        ),
        code="""
            - import os
            | import shutil
            | import tempfile
            |
            |
            | def ${verb}_$things($paths):
            -     folder = os.path.join(tempfile.gettempdir(), f"$short-$things-{os.getpid()}")
            -     os.makedirs(folder, exist_ok=True)
            +     folder = tempfile.mkdtemp(prefix="$short-$things-")
            |     for path in $paths:
            |         shutil.copy(path, folder)
            |     return folder
        """,
        slots={
            "verb": "gather, collect, bring, copy",
            "things/thing": RECORDS,
            "short": _SHORT,
            "paths": "paths, files, sources, filenames",
        },
    ),
)
