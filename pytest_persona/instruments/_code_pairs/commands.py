"""Text that is run: shell commands, expressions, and regular expressions that take forever."""

from pytest_persona.instruments._code_pairs.drafts import Template
from pytest_persona.instruments._code_pairs.vocabulary import PEOPLE, RECORDS, SECONDS

OS_COMMAND = (
    Template(
        sign="${verb}_$target($target)",
        does=(
            "$tells `$target` with `$tool $flag $count` and returns $what",
            "runs `$tool $flag $count` on `$target` and returns $what",
        ),
        detail="It gives up after $seconds seconds",
        code="""
            | import subprocess
            |
            |
            | def ${verb}_$target($target):
            -     command = f"$tool $flag $count {$target}"
            -     result = subprocess.run(
            -         command, shell=True, capture_output=True, text=True, timeout=$seconds
            -     )
            +     command = ["$tool", "$flag", "$count", $target]
            +     result = subprocess.run(command, capture_output=True, text=True, timeout=$seconds)
            |     return result.$answer
        """,
        slots={
            "verb": "check, probe, test, reach, try",
            "target": "host, server, address, machine, node, device, gateway, peer",
            "tool/flag/tells": "ping/-c/pings, traceroute/-m/traces the route to, tracepath/-m/follows the path to",
            "count": "1, 2, 3, 4, 5, 8",
            "seconds": SECONDS,
            "answer/what": "stdout/the output, returncode/the exit code",
        },
    ),
    Template(
        sign="${verb}_$picture($source, $target)",
        does=(
            "shrinks one $picture with ImageMagick's `convert`: it reads `$source` and writes `$target`",
            "calls `convert` of ImageMagick to make a small copy of the $picture `$source` as `$target`",
        ),
        detail="The copy has $size by $size pixels and quality $quality",
        code="""
            - import os
            + import subprocess
            |
            |
            | def ${verb}_$picture($source, $target):
            |     size = "${size}x$size"
            |     quality = $quality
            -     os.system(f"convert {$source} -resize {size} -quality {quality} {$target}")
            +     options = ["-resize", size, "-quality", str(quality)]
            +     subprocess.run(["convert", $source, *options, $target], check=True)
            |     return $target
        """,
        slots={
            "verb": "shrink, resize, reduce, scale",
            "picture": "photo, avatar, banner, cover, logo, scan, poster, icon, sketch, drawing, map, portrait",
            "source/target": "source/target, src/dst, infile/outfile, original/copy, path/new_path",
            "size": "32, 48, 64, 96, 128, 200, 256, 320",
            "quality": "60, 70, 75, 80, 85, 90",
        },
    ),
    Template(
        sign="${verb}_${thing}_lines($path, $word)",
        does=(
            "counts the lines of the $thing log `$path` in which `$word` occurs, by way of `grep -c`",
            "tells in how many lines of the log file `$path` of our $things there is the text `$word`, using grep",
        ),
        code="""
            - import os
            + import subprocess
            |
            |
            | def ${verb}_${thing}_lines($path, $word):
            -     with os.popen(f"grep -c '{$word}' {$path}") as pipe:
            -         output = pipe.read()
            +     command = ["grep", "-c", "-e", $word, "--", $path]
            +     output = subprocess.run(command, capture_output=True, text=True).stdout
            |     count = int(output)
            |     print(f"{count} lines with {$word} in {$path}")
            |     return count
        """,
        slots={
            "verb": "count, tally, number",
            "things/thing": RECORDS,
            "path": "path, log, logfile, file_name, log_path",
            "word": "word, term, text, pattern, wanted",
        },
    ),
)

EVALUATED_CODE = (
    Template(
        sign="${verb}_$table($formula, low, high)",
        does=(
            "gives a list of pairs of `$x` and the value of a formula such as `3 * $x + 2`, from `low` to `high`",
            "makes a table of a formula in `$x`, a text with plus, minus, times and divided by, for all whole numbers "
            "from `low` to `high`",
        ),
        code="""
            + import ast
            + import operator
            +
            + OPERATORS = {
            +     ast.Add: operator.add,
            +     ast.Sub: operator.sub,
            +     ast.Mult: operator.mul,
            +     ast.Div: operator.truediv,
            + }
            +
            +
            + def _value(node, names):
            +     if isinstance(node, ast.BinOp):
            +         left, right = _value(node.left, names), _value(node.right, names)
            +         return OPERATORS[type(node.op)](left, right)
            +     return names[node.id] if isinstance(node, ast.Name) else ast.literal_eval(node)
            +
            +
            | def ${verb}_$table($formula, low, high):
            |     $table = []
            +     tree = ast.parse($formula, mode="eval").body
            |     for $x in range(low, high + 1):
            -         y = eval($formula, {"$x": $x})
            +         y = _value(tree, {"$x": $x})
            |         $table.append(($x, y))
            |     return $table
        """,
        slots={
            "verb": "make, build, fill, compute, draw_up, print_out",
            "table": "table, rows, points, curve, graph, series, values, pairs",
            "formula": "formula, expression, rule, term, text, function_text",
            "x": "x, n, t, k, u, a, b, c, hours, days, size, weight",
        },
    ),
    Template(
        sign="${verb}_${thing}_$settings($path)",
        does=(
            "reads the file `$path` with lines such as `limit = 20` or `colors = ['red', 'blue']` into a dictionary of "
            "Python values",
            "loads lines `key = value` from `$path` and returns a dictionary; the values are Python literals such as "
            "numbers, lists and quoted text",
        ),
        detail="These are the $settings of our $things",
        code="""
            + import ast
            +
            +
            | def ${verb}_${thing}_$settings($path):
            |     $settings = {}
            |     with open($path, encoding="utf-8") as lines:
            |         for line in lines:
            |             if "=" in line:
            |                 key, _, value = line.partition("=")
            -                 $settings[key.strip()] = eval(value.strip())
            +                 $settings[key.strip()] = ast.literal_eval(value.strip())
            |     return $settings
        """,
        slots={
            "verb": "read, load, parse, get",
            "things/thing": RECORDS,
            "settings": "settings, options, preferences, defaults, values",
            "path": "path, filename, source, config_path",
        },
    ),
    Template(
        sign="${verb}_$things($things, $rule)",
        does=(
            "keeps those $things, a list of dictionaries, for which a rule that the user typed is true",
            "filters a list of dictionaries (our $things) by a condition typed into the search box",
        ),
        detail="`$rule` is a text such as `$number > 10` or `$number == 3`",
        code="""
            + import operator
            +
            + COMPARE = {"<": operator.lt, ">": operator.gt, "==": operator.eq}
            +
            +
            | def ${verb}_$things($things, $rule):
            |     kept = []
            +     field, sign, limit = $rule.split()
            |     for $thing in $things:
            -         if eval($rule, {}, $thing):
            +         if COMPARE[sign]($thing[field], float(limit)):
            |             kept.append($thing)
            |     print(f"{len(kept)} of {len($things)} $things kept by {$rule}")
            |     return kept
        """,
        slots={
            "verb": "filter, select, keep, choose, pick_out, narrow",
            "things/thing": RECORDS,
            "rule": "rule, condition, query, criterion, test, expression",
            "number": "size, age, count, weight, price, length",
        },
    ),
)

SLOW_PATTERNS = (
    Template(
        sign="${verb}_${kind}s($texts)",
        does=(
            "returns those of `$texts` that are a well-formed $kind: $letters, in groups with single $marks between",
            "keeps the entries of `$texts` that can serve as a $kind, which is made of $letters, with one of the "
            "$marks between groups of them",
        ),
        detail="Use a regular expression",
        code=r"""
            | import re
            |
            - PATTERN = re.compile(r"^([$range]+$mark?)+\Z")
            + PATTERN = re.compile(r"^[$range]+(?:$mark[$range]+)*\Z")
            |
            |
            | def ${verb}_${kind}s($texts):
            |     kept = []
            |     for text in $texts:
            |         if PATTERN.match(text):
            |             kept.append(text)
            |     return kept
        """,
        slots={
            "verb": "keep, filter, select, pick",
            "kind": "slug, tag, handle, nickname, label, channel, shortcut, keyword, branch, section, symbol",
            "texts": "texts, names, values, entries, items",
            "range/letters": "a-z/small letters, a-z0-9/small letters and digits, A-Z/capital letters, "
            "A-Za-z/letters, A-Z0-9/capital letters and digits",
            "mark/marks": "-/hyphens, _/underscores, :/colons, ~/tildes, ,/commas",
        },
    ),
    Template(
        sign="${verb}_$numbers($text)",
        does=(
            "reads a text of whole numbers with $marks between them, our $numbers, and returns them as a $shape",
            "turns $numbers typed with $marks between them into a $shape of ints",
        ),
        detail="It raises ValueError, after a look with a regular expression, when `$text` has any other form",
        code=r"""
            | import re
            |
            |
            | def ${verb}_$numbers($text):
            |     $text = $text.strip()
            -     if not re.fullmatch(r"(\d+$mark?)+", $text):
            +     if not re.fullmatch(r"\d+(?:$mark\d+)*", $text):
            |         raise ValueError(f"these are no $numbers: {$text!r}")
            |     parts = $text.split("$mark")
            |     return $shape(int(part) for part in parts if part)
        """,
        slots={
            "verb": "parse, read, split, load",
            "numbers": "ages, sizes, marks, prices, weights, lengths, points, scores, rooms, pages, years, counts, "
            "levels, heights, widths, ranks, seats, shelves, minutes, rates",
            "text": "text, line, entry, typed",
            "mark/marks": ",/commas, ;/semicolons, :/colons, -/hyphens",
            "shape": "list, set, tuple",
        },
    ),
    Template(
        sign="${verb}_${person}_addresses($lines)",
        does=(
            "returns those of `$lines` that are a mail address at $domain.$end of one $person",
            "picks the mail addresses at $domain.$end out of `$lines`, a list with an entry for each $person",
        ),
        detail="Before the @ there are words of letters and digits with a dot between. Use a regular expression",
        code=r"""
            | import re
            |
            - ADDRESS = re.compile(r"^([A-Za-z0-9]+\.?)+@$domain\.$end\Z")
            + ADDRESS = re.compile(r"^[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*@$domain\.$end\Z")
            |
            |
            | def ${verb}_${person}_addresses($lines):
            |     found = []
            |     for line in $lines:
            |         if ADDRESS.match(line.strip()):
            |             found.append(line.strip().lower())
            |     return found
        """,
        slots={
            "verb": "find, list, collect, get",
            "person": PEOPLE,
            "lines": "lines, rows, entries, texts, cells",
            "domain": "example, school, club, firm, museum, library",
            "end": "example, test, invalid",
        },
    ),
)
