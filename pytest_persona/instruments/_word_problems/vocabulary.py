"""Names and words that several kinds of problem share."""

from typing import NamedTuple


class Person(NamedTuple):
    """A name and its pronouns. No name ends in s, so that `'s` is always right."""

    name: str
    he: str
    his: str
    him: str

    def __str__(self) -> str:
        return self.name


_WOMEN = "Ada Bea Carmen Dina Elif Farah Grace Hana Ingrid Julia Keiko Leila Maya Nora Olga Priya Rosa Sara Uma Vera"
_MEN = "Adam Ben Carlo David Emil Farid George Hugo Ivan Jonah Kofi Liam Marco Noah Omar Pedro Ravi Sam Tariq Victor"

PEOPLE = [
    *(Person(name, "she", "her", "her") for name in _WOMEN.split()),
    *(Person(name, "he", "his", "him") for name in _MEN.split()),
]
TOWNS = ["Elmford", "Harbor Bay", "Northgate", "Millbrook", "Oakridge", "Westport", "Riverton", "Stonebridge"]
PARTS = {2: "half", 3: "a third", 4: "a quarter", 5: "a fifth", 6: "a sixth"}
TIMES = {2: "twice", 3: "three times", 4: "four times", 5: "five times", 6: "six times"}


def count(number: int, unit: str) -> str:
    """The number with its unit, which takes an s unless the number is 1."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
