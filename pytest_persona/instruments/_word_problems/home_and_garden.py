"""Kitchen, house and garden: portions, areas, lengths and growth."""

from random import Random

from pytest_persona.instruments._word_problems.drafts import Draft, Template, any_of, any_row, pick, whole
from pytest_persona.instruments._word_problems.vocabulary import PARTS, PEOPLE, count


def baking_bags(rng: Random) -> Draft:
    p, treat = pick(rng, PEOPLE), any_of(rng, "cookies, muffins, bread rolls, scones, cupcakes, pretzels")
    trays, each, size = whole(rng, 3, 9), whole(rng, 8, 24), whole(rng, 3, 8)
    total = trays * each
    bags = (total - whole(rng, 2, total // 4)) // size
    eaten = total - bags * size
    who = any_of(rng, "neighbors, friends, cousins, coworkers")
    return Draft(
        f"{p} bakes {trays} trays with {each} {treat} on each tray. {p.his.title()} {who} eat {eaten} of them while "
        f"they are still warm. {p} puts the rest into bags of {size}. How many bags does {p} fill?",
        [
            f"{p} bakes {trays} * {each} = {total} {treat}.",
            f"After some are eaten there are {total} - {eaten} = {total - eaten} {treat} left.",
            f"They fill {total - eaten} / {size} = {bags} bags.",
        ],
    )


def glasses(rng: Random) -> Draft:
    p, drink = pick(rng, PEOPLE), any_of(rng, "lemonade, apple juice, iced tea, hot chocolate, orange juice")
    jugs, liters, glass, cost = whole(rng, 2, 8), whole(rng, 2, 5), pick(rng, [200, 250, 500]), whole(rng, 1, 4)
    amount = jugs * liters
    volume = amount * 1000
    number = volume // glass
    where = any_of(rng, "a school fair, a soccer match, a summer festival, a garden sale")
    return Draft(
        f"For {where}, {p} fills {jugs} jugs with {liters} liters of {drink} each. One serving is {glass} milliliters "
        f"and sells for ${cost}. How much money does {p} take in if all the {drink} is sold?",
        [
            f"{p} has {jugs} * {liters} = {amount} liters of {drink}.",
            f"That is {amount} * 1000 = {volume} milliliters.",
            f"It makes {volume} / {glass} = {number} servings.",
            f"They bring in {number} * {cost} = {number * cost} dollars.",
        ],
    )


def recipe(rng: Random) -> Draft:
    p = pick(rng, PEOPLE)
    dish, thing = any_row(rng, "soup/carrots, salsa/tomatoes, apple pie/apples, egg salad/eggs, curry/peppers")
    serves, each, times, have = whole(rng, 2, 8), whole(rng, 3, 9), whole(rng, 2, 6), whole(rng, 1, 4)
    people, need = serves * times, each * times
    ask = pick(rng, [f"How many more {thing} does {p} need?", f"How many {thing} does {p} still have to buy?"])
    return Draft(
        f"A recipe for {dish} uses {each} {thing} and serves {serves} people. {p} wants to cook it for {people} people "
        f"and already has {have} of the {thing} at home. {ask}",
        [
            f"{p} has to make the recipe {people} / {serves} = {times} times.",
            f"That takes {times} * {each} = {need} {thing}.",
            f"{p} still needs {need} - {have} = {need - have} {thing}.",
        ],
    )


def harvest(rng: Random) -> Draft:
    p, part = pick(rng, PEOPLE), whole(rng, 2, 6)
    plant, fruit = any_row(
        rng, "tomato plants/tomatoes, pepper plants/peppers, squash plants/squashes, rose bushes/roses"
    )
    rows, row, each = whole(rng, 3, 9), part * whole(rng, 2, 18 // part), whole(rng, 3, 12)
    total = rows * row
    lost, left = total // part, total - total // part
    cause = any_of(rng, "are eaten by snails, die in a late frost, are broken by a storm")
    return Draft(
        f"{p} plants {rows} rows of {plant} with {row} in each row. {PARTS[part].capitalize()} of the plants {cause}. "
        f"Every plant that is left gives {each} {fruit}. How many {fruit} does {p} get?",
        [
            f"{p} plants {rows} * {row} = {total} {plant}.",
            f"Of these, {total} / {part} = {lost} are lost.",
            f"That leaves {total} - {lost} = {left} plants.",
            f"They give {left} * {each} = {left * each} {fruit}.",
        ],
    )


def fence(rng: Random) -> Draft:
    p, a = pick(rng, PEOPLE), whole(rng, 11, 40)
    b = min(a - 1, whole(rng, 5, 20))
    gate, cost = whole(rng, 2, 4), whole(rng, 6, 25)
    around, need = 2 * (a + b), 2 * (a + b) - gate
    place = any_of(rng, "vegetable garden, chicken yard, playground, orchard, dog park")
    return Draft(
        f"{p} wants a fence around a rectangular {place} that is {a} meters long and {b} meters wide, with an opening "
        f"of {gate} meters left for a gate. Fencing costs ${cost} per meter. How much does the fencing cost?",
        [
            f"One long and one short side make {a} + {b} = {a + b} meters.",
            f"All four sides make 2 * {a + b} = {around} meters.",
            f"Without the opening, {p} needs {around} - {gate} = {need} meters.",
            f"The fencing costs {need} * {cost} = {need * cost} dollars.",
        ],
    )


def lawn(rng: Random) -> Draft:
    p, a = pick(rng, PEOPLE), whole(rng, 9, 16)
    b = min(a - 1, whole(rng, 6, 12))
    s, seed = whole(rng, 2, 5), pick(rng, [20, 25, 30, 35])
    hole = any_of(rng, "pond, flower bed, sandbox, patio")
    free = a * b - s * s
    return Draft(
        f"A rectangular yard is {a} meters long and {b} meters wide. In it there is a square {hole} with sides of {s} "
        f"meters. {p} sows grass everywhere else and uses {seed} grams of seed per square meter. "
        f"How many grams of seed does {p} use?",
        [
            f"The yard has an area of {a} * {b} = {a * b} square meters.",
            f"The {hole} has an area of {s} * {s} = {s * s} square meters.",
            f"That leaves {a * b} - {s * s} = {free} square meters for grass.",
            f"{p} uses {free} * {seed} = {free * seed} grams of seed.",
        ],
    )


def tiles(rng: Random) -> Draft:
    p, side, across, down = pick(rng, PEOPLE), pick(rng, [20, 25, 30, 40, 50]), whole(rng, 6, 15), whole(rng, 4, 12)
    spare = whole(rng, 3, 20)
    a, b, floor = side * across, side * down, across * down
    room = any_of(rng, "bathroom, kitchen, hallway, laundry room, front hall")
    return Draft(
        f"The floor of a {room} measures {a} centimeters by {b} centimeters. {p} covers it with square tiles that have "
        f"sides of {side} centimeters, and buys {spare} spare tiles as well. How many tiles does {p} buy?",
        [
            f"Along the first side there are {a} / {side} = {across} tiles.",
            f"Along the other side there are {b} / {side} = {down} tiles.",
            f"The floor takes {across} * {down} = {floor} tiles.",
            f"With the spare ones {p} buys {floor} + {spare} = {floor + spare} tiles.",
        ],
    )


def ribbon(rng: Random) -> Draft:
    p, meters, size = pick(rng, PEOPLE), whole(rng, 4, 25), whole(rng, 12, 75)
    stuff = any_of(rng, "ribbon, rope, wire, cord, lace")
    length = meters * 100
    pieces = length // size - whole(rng, 1, length // size // 3)
    taken = pieces * size
    return Draft(
        f"{p} has a roll with {meters} meters of {stuff} and cuts {pieces} pieces from it that are {size} centimeters "
        f"long each. How many centimeters of {stuff} are left on the roll?",
        [
            f"The roll holds {meters} * 100 = {length} centimeters of {stuff}.",
            f"The pieces take {pieces} * {size} = {taken} centimeters.",
            f"What is left is {length} - {taken} = {length - taken} centimeters.",
        ],
    )


def sapling(rng: Random) -> Draft:
    p, height, rate = pick(rng, PEOPLE), whole(rng, 12, 60), whole(rng, 2, 9)
    weeks, cut = whole(rng, 4, 15), whole(rng, 3, 11)
    later, slow = whole(rng, 2, 8), whole(rng, 1, 3)
    plant = any_of(rng, "sunflower, bean plant, young willow, tomato plant, bamboo plant")
    first, second = weeks * rate, later * slow
    grown = height + first
    short = grown - cut
    return Draft(
        f"A {plant} is {height} centimeters tall. It grows {rate} centimeters a week for {weeks} weeks. Then {p} cuts "
        f"off the top {cut} centimeters. For {later} more weeks it grows {count(slow, 'centimeter')} a week. "
        "How tall is it in centimeters at the end?",
        [
            f"First it grows {weeks} * {rate} = {first} centimeters.",
            f"It is then {height} + {first} = {grown} centimeters tall.",
            f"After the cut it is {grown} - {cut} = {short} centimeters tall.",
            f"Later it grows {later} * {slow} = {second} centimeters.",
            f"At the end it is {short} + {second} = {short + second} centimeters tall.",
        ],
    )


TEMPLATES: tuple[Template, ...] = (baking_bags, glasses, recipe, harvest, fence, lawn, tiles, ribbon, sapling)
