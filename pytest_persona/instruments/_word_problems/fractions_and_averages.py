"""Fractions, percentages and averages."""

from random import Random

from pytest_persona.instruments._word_problems.drafts import Draft, Template, any_of, any_row, pick, several, whole
from pytest_persona.instruments._word_problems.vocabulary import PARTS, PEOPLE, TOWNS, count


def way_to_school(rng: Random) -> Draft:
    a, b = whole(rng, 2, 5), whole(rng, 2, 6)
    total = a * b * whole(rng, 40 // (a * b) + 1, 400 // (a * b))
    place, way = any_row(
        rng,
        "A school has {} students/to school, A factory has {} workers/to work, "
        "A music camp has {} children/to the camp, A museum has {} employees/to work",
    )
    x, y, z = several(rng, ["walk", "take the bus", "ride a bike", "take the train", "ride in a car"], 3)
    first = total // a
    rest = total - first
    second = rest // b
    return Draft(
        f"{place.format(total)}. To get {way}, {PARTS[a]} of them {x} and {PARTS[b]} of the others {y}. All the rest "
        f"{z}. How many of them {z}?",
        [
            f"{total} / {a} = {first} of them {x}.",
            f"That leaves {total} - {first} = {rest} others.",
            f"Of these, {rest} / {b} = {second} {y}.",
            f"So {rest} - {second} = {rest - second} of them {z}.",
        ],
    )


def part_full(rng: Random) -> Draft:
    p, (top, bottom) = pick(rng, PEOPLE), pick(rng, [(2, 3), (3, 4), (2, 5), (3, 5), (4, 5), (5, 6), (3, 8), (5, 8)])
    unit, days = whole(rng, 6, 40), whole(rng, 2, 7)
    now = top * unit
    use = whole(rng, 1, (now - 2) // days)
    used = days * use
    what, who = any_row(
        rng,
        "water barrel/waters the garden with, heating oil tank/heats the house with, "
        "milk tank/makes cheese from, rain tank/gives the animals",
    )
    return Draft(
        f"A {what} that holds {bottom * unit} liters is {top}/{bottom} full. Every day {p} {who} "
        f"{count(use, 'liter')} of it. How many liters are left after {days} days?",
        [
            f"One part is {bottom * unit} / {bottom} = {unit} liters.",
            f"At first there are {top} * {unit} = {now} liters in the {what}.",
            f"In {days} days {p} uses {days} * {use} = {used} liters.",
            f"That leaves {now} - {used} = {now - used} liters.",
        ],
    )


def visitors(rng: Random) -> Draft:
    total, percent, child = whole(rng, 40, 300, 20), whole(rng, 10, 65, 5), whole(rng, 2, 6)
    adult = child + whole(rng, 2, 7)
    place = any_of(rng, "zoo, science museum, castle, water park, botanical garden, puppet theater")
    young = total * percent // 100
    old = total - young
    low, high = young * child, old * adult
    day = any_of(rng, "On Saturday, On a rainy day, On opening day, On a holiday")
    return Draft(
        f"{day}, {total} people visit a {place} in {pick(rng, TOWNS)}, and {percent}% of them are children. A ticket "
        f"costs ${child} for a child and ${adult} for an adult. How much does the {place} take in?",
        [
            f"There are {total} * {percent} / 100 = {young} children.",
            f"There are {total} - {young} = {old} adults.",
            f"The children pay {young} * {child} = {low} dollars.",
            f"The adults pay {old} * {adult} = {high} dollars.",
            f"In all that is {low} + {high} = {low + high} dollars.",
        ],
    )


def growth(rng: Random) -> Draft:
    total, percent, leave = whole(rng, 40, 400, 20), whole(rng, 5, 60, 5), whole(rng, 2, 30)
    more = total * percent // 100
    place = any_of(rng, "choir, swimming club, running club, dance school, film society, chess club")
    high = total + more
    ask = any_of(rng, "How many members did it have, How many members were there")
    return Draft(
        f"A {place} in {pick(rng, TOWNS)} had {total} members. In the first year the number of members rose by "
        f"{percent}%. In the second year {leave} members left and nobody joined. {ask} at the end of the second year?",
        [
            f"In the first year {total} * {percent} / 100 = {more} members joined.",
            f"Then there were {total} + {more} = {high} members.",
            f"At the end there were {high} - {leave} = {high - leave} members.",
        ],
    )


def next_score(rng: Random) -> Draft:
    p, n, mean = pick(rng, PEOPLE), whole(rng, 3, 6), whole(rng, 60, 86)
    aim = mean + whole(rng, 1, (100 - mean) // (n + 1))
    what = any_of(rng, "math, history, French, biology, geography, spelling, music, chemistry")
    have, need = n * mean, (n + 1) * aim
    return Draft(
        f"{p} has taken {n} {what} tests and has an average of {mean} points. What score does {p.he} need on the next "
        f"test to bring the average up to {aim} points?",
        [
            f"So far {p} has {n} * {mean} = {have} points.",
            f"After the next test there are {n} + 1 = {n + 1} tests.",
            f"An average of {aim} takes {n + 1} * {aim} = {need} points.",
            f"{p} needs {need} - {have} = {need - have} points.",
        ],
    )


def average_sales(rng: Random) -> Draft:
    a, b, c = whole(rng, 12, 90), whole(rng, 12, 90), whole(rng, 12, 90)
    d, cost = whole(rng, 12, 86), whole(rng, 2, 7)
    d += -(a + b + c + d) % 4
    total = a + b + c + d
    average = total // 4
    stall, goods = any_row(
        rng,
        "bakery/pies, bookstore/maps, flower stand/bouquets, music store/records, toy store/kites, "
        "garden center/rose bushes, coffee shop/sandwiches, farm stand/baskets of berries",
    )
    return Draft(
        f"A {stall} in {pick(rng, TOWNS)} sold {a} {goods} on Thursday, {b} on Friday, {c} on Saturday and {d} on "
        f"Sunday. Each sale brought in ${cost}. How much money did the {goods} bring in on an average day?",
        [
            f"The {stall} sold {a} + {b} + {c} + {d} = {total} {goods}.",
            f"On an average day it sold {total} / 4 = {average}.",
            f"They brought in {average} * {cost} = {average * cost} dollars a day.",
        ],
    )


TEMPLATES: tuple[Template, ...] = (way_to_school, part_full, visitors, growth, next_score, average_sales)
