"""Minutes, weeks and wages."""

from math import gcd
from random import Random

from pytest_persona.instruments._word_problems.drafts import Draft, Template, any_of, pick, several, whole
from pytest_persona.instruments._word_problems.vocabulary import PEOPLE


def reading(rng: Random) -> Draft:
    p, day, rest = pick(rng, PEOPLE), whole(rng, 5, 24), whole(rng, 10, 45)
    weeks, left = whole(rng, 2, 4), whole(rng, 8, 90)
    book = any_of(rng, "novel, history book, biography, travel book, book of fairy tales")
    week = 5 * day + 2 * rest
    done = weeks * week
    return Draft(
        f"{p} is reading a {book} of {done + left} pages. {p.he.title()} reads {day} pages on each of the 5 "
        f"weekdays and {rest} pages on each of the 2 days of the weekend. "
        f"How many pages does {p} still have to read after {weeks} weeks?",
        [
            f"On weekdays {p} reads 5 * {day} = {5 * day} pages.",
            f"On the weekend {p} reads 2 * {rest} = {2 * rest} pages.",
            f"In a week that is {5 * day} + {2 * rest} = {week} pages.",
            f"In {weeks} weeks that is {weeks} * {week} = {done} pages.",
            f"There are {done + left} - {done} = {left} pages still to read.",
        ],
    )


def practice(rng: Random) -> Draft:
    p, minutes, days = pick(rng, PEOPLE), whole(rng, 15, 60, 5), whole(rng, 2, 6)
    what = any_of(rng, "the piano, the violin, Spanish, juggling, chess, the guitar, typing, the flute")
    week = days * minutes
    unit = 60 // gcd(week, 60)  # so many weeks make whole hours
    weeks = unit * whole(rng, 1 if unit > 2 else 2, 12 // unit)
    total = weeks * week
    return Draft(
        f"{p} practices {what} for {minutes} minutes a day on {days} days of every week. "
        f"How many hours of practice does that make in {weeks} weeks?",
        [
            f"In a week {p} practices for {days} * {minutes} = {week} minutes.",
            f"In {weeks} weeks that is {weeks} * {week} = {total} minutes.",
            f"This equals {total} / 60 = {total // 60} hours.",
        ],
    )


def chores(rng: Random) -> Draft:
    p, hours = pick(rng, PEOPLE), whole(rng, 2, 4)
    tasks = "homework, piano practice, cooking, gardening, cleaning, a bike ride, a walk with the dog"
    a, b, c = several(rng, tasks.split(", "), 3)
    x, y, z = whole(rng, 15, 50, 5), whole(rng, 10, 35, 5), whole(rng, 8, 30)
    free, busy = hours * 60, x + y + z
    fun = any_of(rng, "to read, to play, to draw, to rest, to call a friend")
    return Draft(
        f"{p} has {hours} hours before bedtime. {p.he.title()} spends {x} minutes on {a}, {y} minutes on {b} and {z} "
        f"minutes on {c}. How many minutes are left for {p} {fun}?",
        [
            f"{p} has {hours} * 60 = {free} minutes.",
            f"{a[0].upper() + a[1:]}, {b} and {c} take {x} + {y} + {z} = {busy} minutes.",
            f"That leaves {free} - {busy} = {free - busy} minutes {fun}.",
        ],
    )


def overtime(rng: Random) -> Draft:
    p, rate, extra, more = pick(rng, PEOPLE), whole(rng, 12, 30), whole(rng, 4, 12), whole(rng, 2, 14)
    job = any_of(rng, "in a bakery, in a warehouse, at a garage, at a hotel, in a print shop, on a farm")
    high = rate + extra
    basic, over = 40 * rate, more * high
    return Draft(
        f"{p} works {job} and earns ${rate} an hour for the first 40 hours of a week and ${high} for every hour after "
        f"that. Last week {p.he} worked {40 + more} hours. How much did {p} earn last week?",
        [
            f"The first 40 hours paid 40 * {rate} = {basic} dollars.",
            f"{p} worked {40 + more} - 40 = {more} hours of overtime.",
            f"The overtime paid {more} * {high} = {over} dollars.",
            f"In all {p} earned {basic} + {over} = {basic + over} dollars.",
        ],
    )


def weeks_of_work(rng: Random) -> Draft:
    p, pay, times, weeks = pick(rng, PEOPLE), whole(rng, 15, 30), whole(rng, 2, 4), whole(rng, 3, 12)
    spend = whole(rng, 5, 20)
    job = any_of(rng, "babysits, mows a lawn, tutors a neighbor, walks some dogs, cleans a pool, gives a piano lesson")
    wish = any_of(rng, "a bike, a guitar, a camera, a tablet, a trip with friends, a sewing machine")
    week, net = times * pay, times * pay - spend
    return Draft(
        f"{p} earns ${pay} each time {p.he} {job}, which is {times} times a week. Every week {p.he} spends "
        f"${spend} of this and saves the rest. How many weeks does it take {p} to save ${net * weeks} toward {wish}?",
        [
            f"In a week {p} earns {times} * {pay} = {week} dollars.",
            f"{p} saves {week} - {spend} = {net} dollars a week.",
            f"It takes {net * weeks} / {net} = {weeks} weeks.",
        ],
    )


def tips(rng: Random) -> Draft:
    staff, tip, pay, hours = whole(rng, 3, 9), whole(rng, 8, 60), whole(rng, 10, 22), whole(rng, 4, 9)
    p, place = pick(rng, PEOPLE), any_of(rng, "cafe, diner, pizzeria, noodle bar, hotel restaurant")
    who = any_of(rng, "servers, waiters, people on the team")
    pool, wage = staff * tip, hours * pay
    return Draft(
        f"The {staff} {who} at a {place} share ${pool} in tips equally after a shift. {p} is one of them and also gets "
        f"${pay} for each of the {hours} hours of the shift. How much does {p} earn that day?",
        [
            f"Each share of the tips is {pool} / {staff} = {tip} dollars.",
            f"The hours pay {hours} * {pay} = {wage} dollars.",
            f"{p} earns {tip} + {wage} = {tip + wage} dollars.",
        ],
    )


TEMPLATES: tuple[Template, ...] = (reading, practice, chores, overtime, weeks_of_work, tips)
