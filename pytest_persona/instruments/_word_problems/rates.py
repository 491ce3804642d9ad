"""So much per hour or minute: hiring, making, working together, filling."""

from random import Random

from pytest_persona.instruments._word_problems.drafts import Draft, Template, any_of, any_row, pick, several, whole
from pytest_persona.instruments._word_problems.vocabulary import PEOPLE, TOWNS


def rental(rng: Random) -> Draft:
    thing = any_of(rng, "bike, canoe, kayak, scooter")
    n, fee, rate, hours = whole(rng, 2, 9), whole(rng, 3, 15), whole(rng, 4, 12), whole(rng, 2, 7)
    who = any_of(rng, "A group of friends, A scout troop, A large family, A travel club")
    use = rate * hours
    each = use + fee
    return Draft(
        f"A rental shop in {pick(rng, TOWNS)} charges ${fee} for each {thing} plus ${rate} for every hour that it "
        f"is used. {who} rents {n} {thing}s for {hours} hours. How much is the bill?",
        [
            f"The hours cost {hours} * {rate} = {use} dollars for one {thing}.",
            f"With the fee, one {thing} costs {use} + {fee} = {each} dollars.",
            f"The bill for all of them is {n} * {each} = {n * each} dollars.",
        ],
    )


def machine(rng: Random) -> Draft:
    goods, box = any_row(
        rng,
        "bottles/crates, light bulbs/boxes, cans/trays, jars/cartons, pens/boxes, plates/crates, "
        "batteries/packs, cups/cartons, bars of soap/boxes",
    )
    size, rate, hours = pick(rng, [6, 10, 12, 15, 20]), whole(rng, 6, 30), whole(rng, 2, 6)
    pause = size * whole(rng, 1, 45 // size)
    on, run = hours * 60, hours * 60 - pause
    made = run * rate
    return Draft(
        f"In a factory in {pick(rng, TOWNS)}, a machine makes {rate} {goods} every minute. It is switched on for "
        f"{hours} hours but stands still for {pause} minutes of that time while it is cleaned. The {goods} are packed "
        f"in {box} of {size}. How many {box} can be filled?",
        [
            f"The machine is switched on for {hours} * 60 = {on} minutes.",
            f"It runs for {on} - {pause} = {run} minutes.",
            f"In that time it makes {run} * {rate} = {made} {goods}.",
            f"They fill {made} / {size} = {made // size} {box}.",
        ],
    )


def two_workers(rng: Random) -> Draft:
    p, q = several(rng, PEOPLE, 2)
    a, b, alone, together = whole(rng, 4, 20), whole(rng, 4, 20), whole(rng, 2, 5), whole(rng, 2, 9)
    job = any_of(rng, "fold {} letters, wrap {} parcels, label {} jars, sort {} library books, paint {} tiles")
    done, todo = alone * a, together * (a + b)
    order = done + todo
    goods = job.split(" ", 2)[2]
    return Draft(
        f"{p} and {q} have to {job.format(order)}. {p} does {a} an hour and {q} does {b} an hour. {p} works alone "
        f"for the first {alone} hours, and then {q} joins in until the job is done. "
        "For how many hours do they work together?",
        [
            f"Alone, {p} does {alone} * {a} = {done} {goods}.",
            f"That leaves {order} - {done} = {todo} {goods}.",
            f"Together they do {a} + {b} = {a + b} in an hour.",
            f"They work together for {todo} / {a + b} = {together} hours.",
        ],
    )


def water_tank(rng: Random) -> Draft:
    flow, leak, minutes, start = whole(rng, 8, 40), whole(rng, 2, 6), whole(rng, 5, 60), whole(rng, 20, 200, 10)
    gain, need = flow - leak, (flow - leak) * minutes
    size = start + need
    what = any_of(rng, "rain tank, fish pond, paddling pool, water trough")
    source = any_of(rng, "pump, hose, pipe")
    return Draft(
        f"{pick(rng, PEOPLE)}'s {what} holds {size} liters and already has {start} liters of water in it. A {source} "
        f"adds {flow} liters every minute, but {leak} liters leak out every minute. How many minutes does it take "
        f"until the {what} is full?",
        [
            f"Every minute the {what} gains {flow} - {leak} = {gain} liters.",
            f"It still needs {size} - {start} = {need} liters.",
            f"That takes {need} / {gain} = {minutes} minutes.",
        ],
    )


TEMPLATES: tuple[Template, ...] = (rental, machine, two_workers, water_tank)
