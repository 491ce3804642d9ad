"""Buying things: several kinds, change, discounts, packs, books of tickets, subscriptions."""

from random import Random
from typing import NamedTuple

from pytest_persona.instruments._word_problems.drafts import Draft, Template, any_of, any_row, pick, several, whole
from pytest_persona.instruments._word_problems.vocabulary import PEOPLE, TOWNS


class Goods(NamedTuple):
    """Something to buy, and a usual price for one in whole dollars."""

    one: str
    many: str
    low: int
    high: int

    def __str__(self) -> str:
        return self.many

    @property
    def with_article(self) -> str:
        """Goes by the first letter, so it is not for 'hour' or 'uniform'."""
        return f"{'an' if self.one[0] in 'aeiou' else 'a'} {self.one}"


GOODS = [
    Goods("notebook", "notebooks", 2, 6),
    Goods("pen", "pens", 2, 4),
    Goods("poster", "posters", 4, 12),
    Goods("mug", "mugs", 5, 12),
    Goods("candle", "candles", 3, 9),
    Goods("T-shirt", "T-shirts", 8, 18),
    Goods("puzzle", "puzzles", 9, 18),
    Goods("scarf", "scarves", 8, 18),
    Goods("plant pot", "plant pots", 4, 11),
    Goods("sketchbook", "sketchbooks", 5, 13),
    Goods("water bottle", "water bottles", 6, 15),
    Goods("board game", "board games", 12, 18),
    Goods("comic book", "comic books", 3, 8),
    Goods("lunch box", "lunch boxes", 7, 14),
]


def price(rng: Random, goods: Goods) -> int:
    """A usual price of one, in whole dollars."""
    return whole(rng, goods.low, goods.high)


def two_kinds(rng: Random) -> Draft:
    p, (a, b) = pick(rng, PEOPLE), several(rng, GOODS, 2)
    n, m, x, y = whole(rng, 2, 12), whole(rng, 2, 9), price(rng, a), price(rng, b)
    where = any_of(rng, "at the street market, in a gift shop, at the school fair, from an online store")
    ask = pick(rng, [f"How much does {p.he} spend in all?", "How many dollars does everything cost together?"])
    return Draft(
        f"{p} buys {n} {a} and {m} {b} {where}. Each {a.one} costs ${x}, and each {b.one} costs ${y}. {ask}",
        [
            f"The {a} cost {n} * {x} = {n * x} dollars.",
            f"The {b} cost {m} * {y} = {m * y} dollars.",
            f"Everything together costs {n * x} + {m * y} = {n * x + m * y} dollars.",
        ],
    )


def change(rng: Random) -> Draft:
    p, (a, b) = pick(rng, PEOPLE), several(rng, GOODS, 2)
    n, x, y = whole(rng, 2, 4), price(rng, a), price(rng, b)
    first, total = n * x, n * x + y
    bill = next(note for note in (20, 50, 100) if note > total + 1)
    ask = pick(rng, [f"How much change does {p.he} get?", "How many dollars does the cashier give back?"])
    return Draft(
        f"{p} takes {n} {a} and {b.with_article} to the checkout. The {a} are ${x} each and the {b.one} is ${y}. "
        f"{p.he.title()} pays with a ${bill} bill. {ask}",
        [
            f"The {a} cost {n} * {x} = {first} dollars.",
            f"With the {b.one} the total is {first} + {y} = {total} dollars.",
            f"The change is {bill} - {total} = {bill - total} dollars.",
        ],
    )


def discount(rng: Random) -> Draft:
    club, shop, goods = any_row(
        rng,
        "cycling club/sports shop/helmets, school band/music store/music stands, "
        "chess club/toy store/chess clocks, hiking group/camping store/backpacks, "
        "day care center/furniture store/small tables, film club/camera store/tripods",
    )
    n, full, off = whole(rng, 2, 12), whole(rng, 40, 180, 20), pick(rng, [5, 10, 15, 20, 25, 30, 40])
    less, where = full * off // 100, f"{shop} in {pick(rng, TOWNS)} takes {off}% off"
    start = pick(rng, [f"A {where}", f"During a sale, a {where} all"])
    return Draft(
        f"{start} {goods} that normally cost ${full} each. A {club} buys {n} of them at the sale price. "
        f"How much does the {club} pay in total?",
        [
            f"The discount on one item is {full} * {off} / 100 = {less} dollars.",
            f"So each one costs {full} - {less} = {full - less} dollars.",
            f"The {club} pays {n} * {full - less} = {n * (full - less)} dollars.",
        ],
    )


def packs(rng: Random) -> Draft:
    p = pick(rng, PEOPLE)
    event = any_of(rng, "a wedding, a birthday party, a school dinner, a charity lunch, a street party")
    goods = any_of(rng, "candles, balloons, paper flags, name cards, napkin rings, paper flowers")
    each, j, number, cost = whole(rng, 2, 6), whole(rng, 2, 5), whole(rng, 2, 6), whole(rng, 2, 8)
    tables, size, need = j * number, each * j, each * j * number
    return Draft(
        f"{p} is decorating {tables} tables for {event} and wants {each} {goods} on every table. The {goods} are sold "
        f"in packs of {size}, and a pack costs ${cost}. How much does {p} pay for all the {goods}?",
        [
            f"{p} needs {tables} * {each} = {need} {goods}.",
            f"That is {need} / {size} = {number} packs.",
            f"The packs cost {number} * {cost} = {number * cost} dollars.",
        ],
    )


def ticket_books(rng: Random) -> Draft:
    p, fare, books = pick(rng, PEOPLE), whole(rng, 2, 9), whole(rng, 2, 8)
    place = any_of(rng, "bus, ferry, tram, swimming pool, ice rink, climbing hall, city museum")
    book = 10 * fare - whole(rng, 2, 3 * fare)
    visits, single, cost = 10 * books, 10 * books * fare, books * book
    return Draft(
        f"A single {place} ticket costs ${fare}, and a book of 10 tickets costs ${book}. {p} will use {visits} "
        f"tickets this year. How much money does {p} save by buying books instead of single tickets?",
        [
            f"Single tickets would cost {visits} * {fare} = {single} dollars.",
            f"{p} needs {visits} / 10 = {books} books.",
            f"The books cost {books} * {book} = {cost} dollars.",
            f"{p} saves {single} - {cost} = {single - cost} dollars.",
        ],
    )


def subscription(rng: Random) -> Draft:
    thing = any_of(rng, "music service, gym, language course, newspaper, video service, yoga studio")
    month, people = whole(rng, 8, 30), whole(rng, 3, 6)
    less, full = whole(rng, 10, 3 * month), 12 * month
    year = full - less
    who = any_of(rng, "family, band, chess team, book club, study group")
    return Draft(
        f"A {thing} in {pick(rng, TOWNS)} charges ${month} a month, or ${year} for a whole year paid at once. The "
        f"{people} members of a {who} want a year each. How much do they save together if they all pay for the year at "
        "once instead of month by month?",
        [
            f"Paying by the month costs 12 * {month} = {full} dollars a year.",
            f"Each person saves {full} - {year} = {less} dollars.",
            f"Together they save {people} * {less} = {people * less} dollars.",
        ],
    )


TEMPLATES: tuple[Template, ...] = (two_kinds, change, discount, packs, ticket_books, subscription)
