"""The requests that `code_pairs` draws from, by weakness, one file per theme.

Written for this project; no request and no answer comes from a published data set. The order of the table is part of
what a seed gives: a change of it changes every pair that follows.
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_persona.instruments._code_pairs import (
    browsers,
    commands,
    credentials,
    databases,
    files,
    pages,
    parsing,
    records,
    tokens,
    transport,
)
from pytest_persona.instruments._code_pairs.drafts import Template

__all__ = ["TEMPLATES"]

TEMPLATES: Mapping[str, tuple[Template, ...]] = {
    "CWE-22": files.PATH_TRAVERSAL,
    "CWE-78": commands.OS_COMMAND,
    "CWE-79": pages.SCRIPT_IN_PAGE,
    "CWE-89": databases.SQL_INJECTION,
    "CWE-94": commands.EVALUATED_CODE,
    "CWE-209": pages.ERRORS_IN_FULL,
    "CWE-295": transport.UNCHECKED_CERTIFICATE,
    "CWE-319": transport.PLAIN_TEXT,
    "CWE-327": tokens.BROKEN_CIPHER,
    "CWE-328": credentials.FAST_HASH,
    "CWE-338": tokens.GUESSABLE_TOKENS,
    "CWE-347": tokens.UNCHECKED_SIGNATURE,
    "CWE-377": files.FORESEEN_NAMES,
    "CWE-502": parsing.UNTRUSTED_OBJECTS,
    "CWE-532": credentials.SECRET_IN_LOG,
    "CWE-601": browsers.OPEN_REDIRECT,
    "CWE-611": parsing.XML_ENTITIES,
    "CWE-614": browsers.BARE_COOKIE,
    "CWE-639": records.OTHERS_RECORDS,
    "CWE-732": files.OPEN_TO_ALL,
    "CWE-798": credentials.PASSWORD_IN_SOURCE,
    "CWE-915": records.MASS_ASSIGNMENT,
    "CWE-918": transport.REQUEST_ANYWHERE,
    "CWE-1333": commands.SLOW_PATTERNS,
}
"""By the number of the weakness in MITRE's Common Weakness Enumeration."""
