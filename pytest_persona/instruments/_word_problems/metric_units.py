"""Grams, kilograms, meters and kilometers."""

from math import gcd
from random import Random

from pytest_persona.instruments._word_problems.drafts import Draft, Template, any_of, pick, whole
from pytest_persona.instruments._word_problems.vocabulary import PEOPLE, count


def multiple(rng: Random, unit: int, limit: int) -> int:
    """A multiple of the unit, 2 or more, and not above the limit unless the first two are."""
    return unit * whole(rng, 1 if unit > 1 else 2, max(2, limit // unit))


def feed(rng: Random) -> Draft:
    p, animal = pick(rng, PEOPLE), any_of(rng, "cats, rabbits, hens, ducks, puppies, parrots, guinea pigs")
    n, grams = whole(rng, 2, 8), pick(rng, [40, 50, 60, 75, 80, 100, 125])
    day = n * grams
    kilos = multiple(rng, day // gcd(day, 1000), 12)
    weight = kilos * 1000
    return Draft(
        f"{p} buys {kilos} kilograms of feed for {p.his} {n} {animal}. Each of the {animal} eats {grams} grams a day. "
        "For how many days does the feed last?",
        [
            f"The feed weighs {kilos} * 1000 = {weight} grams.",
            f"The {animal} eat {n} * {grams} = {day} grams a day.",
            f"The feed lasts {weight} / {day} = {weight // day} days.",
        ],
    )


def parcel(rng: Random) -> Draft:
    p, n, weight, box = pick(rng, PEOPLE), whole(rng, 3, 12), whole(rng, 150, 480, 10), whole(rng, 120, 400, 10)
    goods = any_of(rng, "jars of honey, books, bags of tea, cans of soup, blocks of clay, boxes of dates")
    inside, total = n * weight, n * weight + box
    limit = total // 1000 + 1
    most = limit * 1000
    return Draft(
        f"{p} packs {n} {goods} of {weight} grams each into a box that weighs {box} grams when it is empty. The post "
        f"office takes parcels of up to {count(limit, 'kilogram')}. "
        f"How many grams could {p} still add to the parcel?",
        [
            f"The {goods} weigh {n} * {weight} = {inside} grams.",
            f"With the box that is {inside} + {box} = {total} grams.",
            f"The limit is {limit} * 1000 = {most} grams.",
            f"{p} could still add {most} - {total} = {most - total} grams.",
        ],
    )


def laps(rng: Random) -> Draft:
    p, lap, number = pick(rng, PEOPLE), pick(rng, [200, 250, 300, 400, 500, 600, 800]), whole(rng, 3, 10)
    day = lap * number
    days = multiple(rng, 1000 // gcd(day, 1000), 30)
    total = days * day
    where = any_of(rng, "around the park, around the lake, on the track, around the block")
    return Draft(
        f"One lap {where} is {lap} meters long. {p} runs {number} laps every morning. "
        f"How many kilometers does {p} run in {days} days?",
        [
            f"Every morning {p} runs {number} * {lap} = {day} meters.",
            f"In {days} days that is {days} * {day} = {total} meters.",
            f"This equals {total} / 1000 = {total // 1000} kilometers.",
        ],
    )


TEMPLATES: tuple[Template, ...] = (feed, parcel, laps)
