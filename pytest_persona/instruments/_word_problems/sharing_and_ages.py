"""Sharing, remainders, and so many times as many or as old."""

from random import Random

from pytest_persona.instruments._word_problems.drafts import Draft, Template, any_of, pick, several, whole
from pytest_persona.instruments._word_problems.vocabulary import PEOPLE, TIMES, TOWNS

KEEPSAKES = "marbles, stickers, postcards, shells, stamps, beads, coins, toy cars"


def keep_the_rest(rng: Random) -> Draft:
    p, thing, bags, size = pick(rng, PEOPLE), any_of(rng, KEEPSAKES), whole(rng, 2, 9), whole(rng, 11, 30)
    total = bags * size
    friends = pick(rng, [k for k in range(3, 10) if total % k])
    each = total // friends
    given = friends * each
    return Draft(
        f"{p} has {bags} bags with {size} {thing} in each. {p.he.title()} shares them among {friends} friends so that "
        "every friend gets the same number and as many as possible, and keeps what is left over. "
        f"How many {thing} does {p} keep?",
        [
            f"{p} has {bags} * {size} = {total} {thing}.",
            f"Each friend can get {each}, which takes {friends} * {each} = {given} {thing}.",
            f"{p} keeps {total} - {given} = {total - given}.",
        ],
    )


def teams(rng: Random) -> Draft:
    size, number = whole(rng, 4, 9), whole(rng, 3, 10)
    rest, full = whole(rng, 1, size - 1), size * number
    total = full + rest
    a = whole(rng, total // 3, 2 * total // 3)
    x, y = several(rng, TOWNS, 2)
    sport = any_of(rng, "relay race, quiz, rowing contest, treasure hunt, tug of war, science contest")
    return Draft(
        f"For a {sport}, {a} children come from {x} and {total - a} children come from {y}. They form as many teams of "
        f"{size} as they can. How many more children would be needed to make one more full team?",
        [
            f"There are {a} + {total - a} = {total} children.",
            f"They can form {number} full teams, which takes {number} * {size} = {full} children.",
            f"That leaves {total} - {full} = {rest} over.",
            f"One more full team needs {size} - {rest} = {size - rest} more.",
        ],
    )


def give_away(rng: Random) -> Draft:
    p, thing, half = pick(rng, PEOPLE), any_of(rng, KEEPSAKES), whole(rng, 12, 90)
    gift, found = whole(rng, 2, half // 2), whole(rng, 3, 30)
    rest = half - gift
    relation = any_of(rng, "sister, brother, cousin, best friend")
    gets = any_of(rng, "buys {} more at a flea market, finds {} more in a drawer, gets {} more from a neighbor")
    return Draft(
        f"{p} has {2 * half} {thing}. {p.he.title()} gives half of them to {p.his} {relation} and then gives {gift} to "
        f"a classmate. Later {p} {gets.format(found)}. How many {thing} does {p} have now?",
        [
            f"{p} gives away {2 * half} / 2 = {half} and keeps the other half.",
            f"After the next gift there are {half} - {gift} = {rest} {thing}.",
            f"With the new ones {p} has {rest} + {found} = {rest + found} {thing}.",
        ],
    )


def times_as_many(rng: Random) -> Draft:
    (p, q, r), thing, n = several(rng, PEOPLE, 3), any_of(rng, KEEPSAKES), whole(rng, 6, 60)
    times = whole(rng, 2, 6)
    b = n * times
    k = whole(rng, 2, min(30, b - 2))
    c = b - k
    ask = pick(rng, [f"How many {thing} do the three have together?", f"How many {thing} is that in all?"])
    return Draft(
        f"{p} has collected {n} {thing}. {q} has collected {TIMES[times]} as many as {p}, and {r} has collected {k} "
        f"fewer than {q}. {ask}",
        [
            f"{q} has {times} * {n} = {b} {thing}.",
            f"{r} has {b} - {k} = {c} {thing}.",
            f"Together they have {n} + {b} + {c} = {n + b + c} {thing}.",
        ],
    )


def ratio(rng: Random) -> Draft:
    (p, q), thing, n, times = several(rng, PEOPLE, 2), any_of(rng, KEEPSAKES), whole(rng, 5, 80), whole(rng, 2, 6)
    parts, more = times + 1, times * n
    total = n * parts
    return Draft(
        f"{p} and {q} have {total} {thing} together. {p} has {TIMES[times]} as many as {q}. "
        f"How many more {thing} does {p} have than {q}?",
        [
            f"If {q} has one part, {p} has {times}, which makes {times} + 1 = {parts} equal parts.",
            f"One part is {total} / {parts} = {n} {thing}, and that is what {q} has.",
            f"{p} has {times} * {n} = {more} {thing}.",
            f"{p} has {more} - {n} = {more - n} more.",
        ],
    )


def ages(rng: Random) -> Draft:
    (p, q, r), n, times, years = several(rng, PEOPLE, 3), whole(rng, 5, 16), whole(rng, 2, 4), whole(rng, 2, 12)
    b = n * times
    k = whole(rng, 2, b - n + 3)
    c = b - k
    now, later = n + b + c, 3 * years
    return Draft(
        f"{p} is {n} years old. {q} is {TIMES[times]} as old as {p}, and {r} is {k} years younger than {q}. "
        f"What will the sum of their three ages be {years} years from now?",
        [
            f"{q} is {times} * {n} = {b} years old.",
            f"{r} is {b} - {k} = {c} years old.",
            f"Their ages add up to {n} + {b} + {c} = {now} now.",
            f"In {years} years the three get 3 * {years} = {later} years older in all.",
            f"The sum will be {now} + {later} = {now + later}.",
        ],
    )


def parent_age(rng: Random) -> Draft:
    p, times, years = pick(rng, PEOPLE), whole(rng, 3, 5), whole(rng, 2, 20)
    age = whole(rng, {3: 11, 4: 8, 5: 6}[times], {3: 17, 4: 13, 5: 10}[times])
    parent = any_of(rng, "mother, father, aunt, uncle, music teacher, coach")
    parts, total = times + 1, age * (times + 1)
    return Draft(
        f"{p} and {p.his} {parent} are {total} years old together. The {parent} is {TIMES[times]} as old as {p}. "
        f"How old will {p} be in {years} years?",
        [
            f"The two ages make {times} + 1 = {parts} parts, each as large as {p}'s age.",
            f"{p} is {total} / {parts} = {age} years old.",
            f"In {years} years {p} will be {age} + {years} = {age + years}.",
        ],
    )


TEMPLATES: tuple[Template, ...] = (keep_the_rest, teams, give_away, times_as_many, ratio, ages, parent_age)
