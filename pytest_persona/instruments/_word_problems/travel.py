"""On the way: distances, speeds, fuel, and passengers who come and go."""

from random import Random

from pytest_persona.instruments._word_problems.drafts import Draft, Template, any_of, pick, several, whole
from pytest_persona.instruments._word_problems.vocabulary import PEOPLE, TOWNS


def two_legs(rng: Random) -> Draft:
    p, (start, end) = pick(rng, PEOPLE), several(rng, TOWNS, 2)
    h, k, v, w = whole(rng, 2, 5), whole(rng, 2, 4), whole(rng, 55, 70, 5), whole(rng, 25, 50, 5)
    left = whole(rng, 10, 95, 5)
    gone = h * v + k * w
    return Draft(
        f"{p} is driving from {start} to {end}, a trip of {gone + left} miles. {p.he.title()} drives {h} hours on the "
        f"highway at {v} miles per hour and then {k} hours on country roads at {w} miles per hour. "
        "How many miles are still left?",
        [
            f"On the highway {p} covers {h} * {v} = {h * v} miles.",
            f"On country roads {p} covers {k} * {w} = {k * w} miles.",
            f"So far that is {h * v} + {k * w} = {gone} miles.",
            f"There are {gone + left} - {gone} = {left} miles left.",
        ],
    )


def train(rng: Random) -> Draft:
    start, end = several(rng, TOWNS, 2)
    speed, hours = whole(rng, 60, 160, 5), whole(rng, 2, 6)
    stops, wait = whole(rng, 2, 6), whole(rng, 3, 12)
    moving, still = hours * 60, stops * wait
    kind = any_of(rng, "train, night train, fast train, mail train")
    return Draft(
        f"A {kind} runs {speed * hours} kilometers from {start} to {end}. It travels at {speed} kilometers per hour "
        f"and also stands still for {wait} minutes at each of {stops} stops. "
        "How many minutes does the whole trip take?",
        [
            f"The {kind} is moving for {speed * hours} / {speed} = {hours} hours.",
            f"That is {hours} * 60 = {moving} minutes.",
            f"The stops take {stops} * {wait} = {still} minutes.",
            f"The whole trip takes {moving} + {still} = {moving + still} minutes.",
        ],
    )


def fuel(rng: Random) -> Draft:
    p, (start, end) = pick(rng, PEOPLE), several(rng, TOWNS, 2)
    economy, gallons, cost = whole(rng, 20, 42), whole(rng, 2, 12), whole(rng, 3, 5)
    way, need = economy * gallons, 2 * gallons
    car = any_of(rng, "car, van, pickup truck, station wagon")
    return Draft(
        f"{p}'s {car} goes {economy} miles on a gallon of gas, and gas costs ${cost} a gallon. The distance from "
        f"{start} to {end} is {way} miles. How much does the gas cost for a trip there and back?",
        [
            f"There and back is 2 * {way} = {2 * way} miles.",
            f"The {car} needs {2 * way} / {economy} = {need} gallons.",
            f"The gas costs {need} * {cost} = {need * cost} dollars.",
        ],
    )


def commute(rng: Random) -> Draft:
    p, way, days, weeks = pick(rng, PEOPLE), whole(rng, 2, 14), whole(rng, 3, 6), whole(rng, 2, 20)
    day, week = 2 * way, 2 * way * days
    place = any_of(rng, "the office, college, the bakery where {0} works, the swimming pool, the workshop")
    ask = pick(rng, ["How many miles is that", f"How many miles does {p.he} ride"])
    return Draft(
        f"It is {way} miles from {p}'s home to {place.format(p.he)}. {p} cycles there and back on {days} days of every "
        f"week. {ask} in {weeks} weeks?",
        [
            f"There and back is 2 * {way} = {day} miles.",
            f"In one week {p} rides {days} * {day} = {week} miles.",
            f"In {weeks} weeks that is {weeks} * {week} = {weeks * week} miles.",
        ],
    )


def bus_stops(rng: Random) -> Draft:
    off, stay, more, last = whole(rng, 2, 9), whole(rng, 6, 24), whole(rng, 2, 10), whole(rng, 2, 8)
    more += (stay + more) % 2
    full, half = stay + more, (stay + more) // 2
    vehicle = any_of(rng, "bus, tram, ferry, train")
    start, end = several(rng, TOWNS, 2)
    return Draft(
        f"A {vehicle} leaves {start} with {off + stay} passengers. At the first stop {off} people get off and {more} "
        f"get on. At the second stop half of the passengers get off and {last} people get on. The next stop is {end}. "
        f"How many passengers are on the {vehicle} when it arrives there?",
        [
            f"After {off} people get off there are {off + stay} - {off} = {stay} passengers.",
            f"With the new ones there are {stay} + {more} = {full} passengers.",
            f"At the second stop {full} / 2 = {half} passengers get off, and as many stay on.",
            f"Then there are {half} + {last} = {half + last} passengers.",
        ],
    )


TEMPLATES: tuple[Template, ...] = (two_legs, train, fuel, commute, bus_stops)
