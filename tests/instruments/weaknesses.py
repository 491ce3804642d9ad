"""How each weakness is recognised in Python, by its CWE number; written apart from the templates that make it."""

from __future__ import annotations

import ast
import re
import re._constants as sre
import re._parser as sre_parser
from collections.abc import Callable, Iterator
from typing import Any

SQL = re.compile(r"\b(SELECT|UPDATE|DELETE|INSERT)\b")
KEPT_SECRET = re.compile(r"PASSWORD|API_KEY|TOKEN|SECRET")
NOT_FOR_LOGS = re.compile(r"password|passphrase|pass_word|secret|headers|card_number|token")


def found(source: str) -> set[str]:
    """The numbers of all weaknesses that a text of Python has."""
    tree = ast.parse(source)
    return {cwe for cwe, has in WEAKNESSES.items() if has(tree)}


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Calls of a function, or of a method, that has one of the names; a name with a dot is the whole of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in names or name.rpartition(".")[2] in names:
                yield node


def mentions(tree: ast.AST, *names: str) -> bool:
    """Whether a name or an attribute occurs."""
    return any(
        (isinstance(node, ast.Name) and node.id in names) or (isinstance(node, ast.Attribute) and node.attr in names)
        for node in ast.walk(tree)
    )


def argument(call: ast.Call, name: str) -> Any:
    """The value of a constant keyword argument, or None."""
    value = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    return value.value if isinstance(value, ast.Constant) else None


def given(tree: ast.AST, name: str, value: object) -> bool:
    """Whether any call gets that constant keyword argument."""
    return any(argument(node, name) is value for node in ast.walk(tree) if isinstance(node, ast.Call))


def texts(tree: ast.AST) -> Iterator[str]:
    """All constant texts."""
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def values_of(tree: ast.AST) -> dict[str, ast.expr]:
    """The last value that each name is given, also in `a, b = c, d`."""
    values: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    values[target.id] = node.value
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = zip(target.elts, node.value.elts, strict=True)
                    values |= {name.id: value for name, value in pairs if isinstance(name, ast.Name)}
    return values


def path_traversal(tree: ast.Module) -> bool:
    joined = [call.args[-1] for call in calls(tree, "os.path.join")]
    joined += [node.right for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)]
    foreign = any(isinstance(part, ast.Name) or ast.unparse(part).endswith(".filename") for part in joined)
    return foreign and not mentions(tree, "is_relative_to")


def os_command(tree: ast.Module) -> bool:
    return given(tree, "shell", True) or any(calls(tree, "os.system", "os.popen"))


def script_in_page(tree: ast.Module) -> bool:
    if given(tree, "autoescape", False):
        return True
    values = values_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and any(re.search(r"<\w", text) for text in texts(node)):
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    name = part.value.id if isinstance(part.value, ast.Name) else ""
                    made_by = ast.unparse(values.get(name, part.value))
                    if not re.match(r"(html\.)?escape\(|sum\(", made_by):
                        return True
    return False


def sql_injection(tree: ast.Module) -> bool:
    built: list[ast.AST] = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    built += [node for node in ast.walk(tree) if isinstance(node, ast.BinOp)]
    built += [call.func for call in calls(tree, "format")]
    return any(SQL.search(text) for node in built for text in texts(node))


def evaluated_code(tree: ast.Module) -> bool:
    return any(isinstance(call.func, ast.Name) for call in calls(tree, "eval", "exec"))


def errors_in_full(tree: ast.Module) -> bool:
    caught = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    shown = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return any(calls(tree, "traceback.format_exc", "traceback.format_exception")) or any(
        mentions(node, *caught) for node in shown
    )


def unchecked_certificate(tree: ast.Module) -> bool:
    return given(tree, "verify", False) or mentions(tree, "CERT_NONE", "_create_unverified_context")


def plain_text(tree: ast.Module) -> bool:
    mail = any(calls(tree, "smtplib.SMTP")) and not any(calls(tree, "starttls"))
    return mail or any(calls(tree, "FTP")) or any(text.startswith("http://") for text in texts(tree))


def broken_cipher(tree: ast.Module) -> bool:
    return mentions(tree, "ECB", "MODE_ECB", "DES", "ARC4")


def fast_hash(tree: ast.Module) -> bool:
    by_name = any(ast.literal_eval(call.args[0]) in ("md5", "sha1") for call in calls(tree, "hashlib.new"))
    return by_name or any(calls(tree, "hashlib.md5", "hashlib.sha1"))


def guessable_token(tree: ast.Module) -> bool:
    return mentions(tree, "random")


def unchecked_signature(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp) and any(calls(node, "compare_digest")):
            return True
        if isinstance(node, ast.Dict) and "'verify_signature': False" in ast.unparse(node):
            return True
    return any(calls(tree, "get_unverified_claims"))


def foreseen_name(tree: ast.Module) -> bool:
    return any(calls(tree, "mktemp", "gettempdir")) or any(text.startswith("/tmp/") for text in texts(tree))


def untrusted_object(tree: ast.Module) -> bool:
    return any(calls(tree, "pickle.loads", "pickle.load", "yaml.load")) or given(tree, "weights_only", False)


def secret_in_log(tree: ast.Module) -> bool:
    for call in calls(tree, "info", "debug", "warning", "error"):
        cut = {id(node.value) for node in ast.walk(call) if isinstance(node, ast.Subscript)}
        names = [node for node in ast.walk(call) if isinstance(node, ast.Name) and id(node) not in cut]
        if any(NOT_FOR_LOGS.fullmatch(node.id) for node in names):
            return True
    return False


def open_redirect(tree: ast.Module) -> bool:
    foreign = [
        call
        for call in calls(tree, "redirect", "HttpResponseRedirect", "RedirectResponse")
        if isinstance(call.args[0], ast.Name)
    ]
    return bool(foreign) and not mentions(tree, "startswith", "url_has_allowed_host_and_scheme", "netloc")


def xml_entities(tree: ast.Module) -> bool:
    feature = any(ast.unparse(call.args[1]) == "True" for call in calls(tree, "setFeature"))
    return feature or given(tree, "resolve_entities", True)


def bare_cookie(tree: ast.Module) -> bool:
    bare = any(argument(call, "secure") is not True or argument(call, "httponly") is not True
               for call in calls(tree, "set_cookie"))  # fmt: skip
    return bare or (any(calls(tree, "SimpleCookie")) and "secure" not in texts(tree))


def others_record(tree: ast.Module) -> bool:
    lone = [call for call in calls(tree, "filter_by", "get_object_or_404") if len(call.keywords) == 1]
    return bool(lone) or any(re.search(r"SELECT .* WHERE id = \?$", text) for text in texts(tree))


def open_to_all(tree: ast.Module) -> bool:
    modes = [call.args[-1] for call in calls(tree, "chmod", "os.open") if isinstance(call.args[-1], ast.Constant)]
    return any(mode.value & 0o022 for mode in modes)


def secret_in_source(tree: ast.Module) -> bool:
    named = [value for name, value in values_of(tree).items() if KEPT_SECRET.fullmatch(name)]
    named += [call.args[1] for call in calls(tree, "login") if len(call.args) == 2]
    named += [key.value for call in calls(tree, "connect") for key in call.keywords if key.arg == "password"]
    return any(isinstance(value, ast.Constant) for value in named)


def mass_assignment(tree: ast.Module) -> bool:
    unpacked = any(
        key.arg is None and isinstance(key.value, ast.Name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for key in node.keywords
    )
    alone = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]  # the result is thrown away
    whole = any(isinstance(call.args[0], ast.Name) for call in calls(tree, "update") if call in alone)
    every = any(
        isinstance(node, ast.For) and any(calls(node.iter, "items")) and any(calls(node, "setattr"))
        for node in ast.walk(tree)
    )
    return unpacked or whole or every


def request_anywhere(tree: ast.Module) -> bool:
    values = values_of(tree)
    asked = [call.args[0] for call in calls(tree, "requests.get", "requests.post")]
    foreign = [
        node for node in asked if isinstance(node, ast.Name) and not isinstance(values.get(node.id), ast.Constant)
    ]
    return bool(foreign) and not mentions(tree, "netloc", "is_global")


def slow_pattern(tree: ast.Module) -> bool:
    patterns = [call.args[0] for call in calls(tree, "re.compile", "re.fullmatch")]
    return any(_explodes(sre_parser.parse(ast.literal_eval(pattern))) for pattern in patterns)


def _explodes(parsed: Any, inside: bool = False) -> bool:
    """Whether a repetition without end holds another one and nothing else that it must match."""
    for code, value in parsed:
        if code is sre.MAX_REPEAT:
            _, most, body = value
            endless = most is sre.MAXREPEAT
            if endless and inside and sum(part.getwidth()[0] > 0 for part in _parts(parsed)) == 1:
                return True
            if _explodes(body, inside or endless):
                return True
        elif code is sre.SUBPATTERN and _explodes(value[3], inside):
            return True
    return False


def _parts(parsed: Any) -> Iterator[Any]:
    for item in parsed:
        yield sre_parser.SubPattern(parsed.state, [item])


WEAKNESSES: dict[str, Callable[[ast.Module], bool]] = {
    "CWE-22": path_traversal,
    "CWE-78": os_command,
    "CWE-79": script_in_page,
    "CWE-89": sql_injection,
    "CWE-94": evaluated_code,
    "CWE-209": errors_in_full,
    "CWE-295": unchecked_certificate,
    "CWE-319": plain_text,
    "CWE-327": broken_cipher,
    "CWE-328": fast_hash,
    "CWE-338": guessable_token,
    "CWE-347": unchecked_signature,
    "CWE-377": foreseen_name,
    "CWE-502": untrusted_object,
    "CWE-532": secret_in_log,
    "CWE-601": open_redirect,
    "CWE-611": xml_entities,
    "CWE-614": bare_cookie,
    "CWE-639": others_record,
    "CWE-732": open_to_all,
    "CWE-798": secret_in_source,
    "CWE-915": mass_assignment,
    "CWE-918": request_anywhere,
    "CWE-1333": slow_pattern,
}
