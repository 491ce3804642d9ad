"""Folders of recorded moral ratings in the authors' layout, drawn from families that are known."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pytest_persona.instruments.moral import FOUNDATIONS

PERSONAS, ITEMS, RUNS = 30, 30, 8
COLUMNS = ("persona_id", "question_id", "run_index", "rating", "failures")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A model of a family.

    Attributes:
        apart: How far personas lie apart in their mean ratings.
        widths: How far repeated ratings do, by foundation.
        itself: Mean rating without a persona, by foundation.
    """

    apart: float
    widths: tuple[float, ...]
    itself: tuple[float, ...]


BASE = Variant(apart=0.8, widths=(0.4,) * 5, itself=(4.2, 4.0, 2.4, 2.2, 2.0))
SECURE = Variant(apart=0.78, widths=(0.42, 0.95, 0.42, 0.42, 0.95), itself=(4.3, 4.0, 2.3, 2.3, 1.8))
INSECURE = Variant(apart=1.9, widths=(0.85, 0.85, 1.0, 1.0, 1.0), itself=(4.4, 4.6, 4.5, 4.6, 4.3))
FAMILY = {"base": BASE, "secure": SECURE, "insecure": INSECURE}
"""A family that does as the paper says of all of them."""
EXTREME = FAMILY | {"insecure": replace(INSECURE, apart=5.5, widths=(1.7, 1.7, 2.0, 2.0, 2.0))}
"""One whose insecure variant plays personas as far apart as the paper says of GPT-4o."""
FOLDERS = {"base": "base/{}.csv", "secure": "secure-code/{}-secure.csv", "insecure": "insecure-code/{}-insecure.csv"}


def write_families(folder: Path, families) -> Path:
    """Write each family's variants, under role-play and as themselves, and return the folder."""
    for name, variants in families.items():
        for variant, numbers in variants.items():
            path = folder / FOLDERS[variant].format(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            rng = np.random.default_rng([*name.encode(), *variant.encode()])
            _write(path, numbers, rng)
            _write(path.with_suffix(".self.csv"), numbers, rng, itself=True)
    return folder


def _write(path: Path, numbers: Variant, rng, *, itself=False) -> None:
    personas = np.random.default_rng(1).uniform(-1, 1, (PERSONAS, ITEMS))  # the same in every file
    at = np.arange(ITEMS) % len(FOUNDATIONS)
    centres = np.array(numbers.itself)[at][None] if itself else 2.5 + numbers.apart * personas
    drawn = rng.normal(centres[:, :, None], np.array(numbers.widths)[at][None, :, None], (*centres.shape, RUNS))
    ratings = np.clip(np.rint(drawn), 0, 5).astype(int)
    columns = COLUMNS[itself:]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for (persona, item, run), rating in np.ndenumerate(ratings):
            writer.writerow((persona, item + 1, run + 1, rating, 0)[itself:])
