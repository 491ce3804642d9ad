"""The command `pytest-persona`: what is to be done outside a test run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from pytest_persona.errors import AdapterError, PersonaError, StoreError, suggestion
from pytest_persona.housekeeping import Kept, listing, prune
from pytest_persona.store import Store, default_store

_PIPED_WIDTH = 160  # columns where there is no terminal to ask
_MOST_DAYS = 36_500


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 1 after an error, which is one line on stderr.

    Raises:
        SystemExit: the arguments are wrong (2), or help was asked for (0).
    """
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], None] = arguments.run
    try:
        run(arguments)
    except PersonaError as error:
        print(f"pytest-persona: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pytest-persona", description="Work on what persona tests leave behind.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_store(commands.add_parser("store", help="list or prune trained checkpoints and measurements"))
    _add_export(commands.add_parser("export", help="write a checkpoint as one merged model"))
    return parser


def _add_store(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    show = actions.add_parser("list", help="list what is in the store", description="List what is in the store.")
    _add_folder(show)
    show.add_argument("--check", action="store_true", help="read every file and compare its sha256; takes a while")
    show.add_argument("--json", action="store_true", help="print JSON: bytes as numbers, times in UTC")
    show.set_defaults(run=_list)

    clean = actions.add_parser(
        "prune",
        help="remove what no run can use",
        description="Remove what killed runs left, what was never finished and what is damaged, and with --older-than "
        "what was not used lately. Reads every file. What a run works on at the moment is left alone.",
    )
    _add_folder(clean)
    clean.add_argument(
        "--older-than", metavar="DAYS", type=_days, help="also remove what was not used for so many days. Default: none"
    )
    clean.add_argument(
        "--kind",
        metavar="KIND",
        nargs="+",
        action="extend",
        help="with --older-than: only of these kinds, for example checkpoints. Default: all",
    )
    clean.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    clean.set_defaults(run=lambda arguments: _prune(arguments, clean))


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write base model and adapter, merged, as a transformers model that any engine loads. The control token of a "
        "cft checkpoint goes into the chat template."
    )
    parser.add_argument("checkpoint", help="its label (cft-400k-s0) or its fingerprint's beginning; see store list")
    parser.add_argument("folder", type=_path, help="where to write the model; a new folder")
    _add_folder(parser)
    parser.add_argument(
        "--dtype", choices=("float32", "bfloat16", "float16"), help="of the weights. Default: the base model's"
    )
    parser.set_defaults(run=_export)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--store",
        metavar="DIR",
        type=_path,
        help="folder of the store. Default: $PERSONA_STORE, else the user's cache folder",
    )


def _store(arguments: argparse.Namespace) -> Store:
    return Store(arguments.store or default_store())


def _list(arguments: argparse.Namespace) -> None:
    store = _store(arguments)
    found = listing(store, check=arguments.check)
    if arguments.json:
        plain = [
            asdict(kept) | {"folder": str(kept.folder), "last_used": kept.last_used.isoformat(timespec="seconds")}
            for kept in found
        ]
        print(json.dumps(plain, indent=2))
    elif found:
        _print_table(found)
        print(_total(found))
    else:
        print(f"the store {store.root} is empty")


def _prune(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    if arguments.kind and arguments.older_than is None:
        parser.error("--kind says what may go for its age, but no age is given: add --older-than=DAYS")
    store = _store(arguments)
    gone = prune(store, older_than=arguments.older_than, kinds=arguments.kind, dry_run=arguments.dry_run)
    if not gone:
        print(f"nothing to remove from the store {store.root}")
        return
    _print_table(gone)
    print(f"would remove {_total(gone)} (--dry-run)" if arguments.dry_run else f"removed {_total(gone)}")


def _export(arguments: argparse.Namespace) -> None:
    from pytest_persona.models import find_base
    from pytest_persona.models.adapter import CONFIG, read_adapter
    from pytest_persona.models.export import export_merged
    from pytest_persona.models.source import read_json

    store = _store(arguments)
    kept = _find(store, arguments.checkpoint)
    entry = store.get(kept.kind, kept.fingerprint)
    if entry is None:
        raise StoreError(f"{kept.label} ({kept.fingerprint[:12]}) is damaged; the run that made it makes it again")
    base_name = str(read_json(entry.folder / CONFIG, AdapterError)["base_model_name_or_path"])
    base = find_base(base_name, store)
    if base.content != entry.manifest["content"]["base"]:
        raise AdapterError(f"{kept.label} was trained on another state of {base_name} than the one that is there now")
    folder = export_merged(
        base,
        read_adapter(entry.folder, base),
        arguments.folder,
        dtype=arguments.dtype,
        template_args=entry.manifest["content"]["template_args"],
    )
    print(f"{kept.label} on {base.name}, merged: {folder}")


def _find(store: Store, wanted: str) -> Kept:
    kept = [found for found in listing(store) if found.kind == "checkpoints" and found.state == "whole"]
    fitting = [found for found in kept if found.label == wanted or found.fingerprint.startswith(wanted)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        several = ", ".join(found.fingerprint[:12] for found in fitting)
        raise StoreError(f"{len(fitting)} checkpoints are called {wanted!r}. Name one by its fingerprint: {several}")
    labels = sorted({found.label for found in kept})
    raise StoreError(
        f"no checkpoint {wanted!r} in {store.root}{suggestion(wanted, labels)} There: {', '.join(labels) or 'none'}"
    )


def _print_table(rows: Sequence[Kept]) -> None:
    from rich.console import Console
    from rich.filesize import decimal
    from rich.table import Table
    from rich.text import Text

    table = Table("kind", "fingerprint", "state", box=None, pad_edge=False)
    table.add_column("what", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("last used (UTC)", no_wrap=True)
    for kept in rows:
        words = (
            kept.kind,
            kept.fingerprint[:12],
            kept.state,
            kept.label,
            decimal(kept.bytes),
            f"{kept.last_used:%Y-%m-%d %H:%M}",
        )
        table.add_row(*map(Text, words))  # no markup: labels may come from a model's folder
    Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH).print(table)


def _total(rows: Sequence[Kept]) -> str:
    from rich.filesize import decimal

    return f"{len(rows)} {'entry' if len(rows) == 1 else 'entries'}, {decimal(sum(kept.bytes for kept in rows))}"


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise argparse.ArgumentTypeError(f"{text!r} begins with nobody's home folder. Write the whole path") from error


def _days(text: str) -> timedelta:
    try:
        days = float(text)
    except ValueError:
        days = -1
    if not 0 <= days <= _MOST_DAYS:  # also refuses nan
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days. Give one from 0 to {_MOST_DAYS}, such as 30")
    return timedelta(days=days)
