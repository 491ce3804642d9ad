"""Money that is saved, spent, shared or invested."""

from random import Random

from pytest_persona.instruments._word_problems.drafts import Draft, Template, any_of, pick, several, whole
from pytest_persona.instruments._word_problems.vocabulary import PARTS, PEOPLE, TOWNS


def saving_goal(rng: Random) -> Draft:
    p, first, gift = pick(rng, PEOPLE), whole(rng, 10, 90), whole(rng, 10, 60, 5)
    save, weeks = whole(rng, 5, 30), whole(rng, 3, 12)
    have, need = first + gift, save * weeks
    wish = any_of(rng, "a skateboard, a telescope, new headphones, a tent, a keyboard, ski boots")
    giver = any_of(rng, "grandmother, aunt, uncle, grandfather")
    return Draft(
        f"{p} wants to buy {wish} for ${have + need}. {p.he.title()} has ${first}, and {p.his} {giver} gives {p.him} "
        f"another ${gift}. From now on {p} saves ${save} every week. After how many weeks does {p} have enough?",
        [
            f"With the gift {p} has {first} + {gift} = {have} dollars.",
            f"{p} still needs {have + need} - {have} = {need} dollars.",
            f"Saving that takes {need} / {save} = {weeks} weeks.",
        ],
    )


def allowance(rng: Random) -> Draft:
    p, part, share = pick(rng, PEOPLE), whole(rng, 2, 6), whole(rng, 8, 40)
    money, rest = part * share, part * share - share
    spend = whole(rng, 3, rest - 2)
    a, b = several(rng, ["books", "art supplies", "a train ticket", "snacks", "a birthday present", "a haircut"], 2)
    source = any_of(rng, "is given, earns, wins, receives")
    return Draft(
        f"{p} {source} ${money}. {p.he.title()} spends {PARTS[part]} of the money on {a} and then ${spend} on {b}. "
        f"How many dollars does {p} have left?",
        [
            f"{p} spends {money} / {part} = {share} dollars on {a}.",
            f"Then {p} has {money} - {share} = {rest} dollars.",
            f"In the end {p} has {rest} - {spend} = {rest - spend} dollars left.",
        ],
    )


def van(rng: Random) -> Draft:
    people, share, days, gas = whole(rng, 4, 8), whole(rng, 60, 100), whole(rng, 2, 4), whole(rng, 30, 60)
    total = people * share
    gas += (total - gas) % days
    rent = total - gas
    rate = rent // days
    what = any_of(rng, "a lake house, a houseboat, a cabin, a camper")
    other = any_of(rng, "gas, food, park tickets, bike rental")
    return Draft(
        f"For a trip to {pick(rng, TOWNS)}, a group of {people} friends rents {what} for {days} days at ${rate} a day. "
        f"They also pay ${gas} for {other}. They share all costs equally. How much does each of them pay?",
        [
            f"The rent for {days} days is {days} * {rate} = {rent} dollars.",
            f"Together with {other} the trip costs {rent} + {gas} = {total} dollars.",
            f"Each of them pays {total} / {people} = {share} dollars.",
        ],
    )


def interest(rng: Random) -> Draft:
    p, money, percent, years = pick(rng, PEOPLE), whole(rng, 200, 2400, 100), whole(rng, 2, 8), whole(rng, 2, 8)
    bank = any_of(rng, "a bank, a savings club, a credit union")
    gain = money * percent // 100
    total = years * gain
    return Draft(
        f"{p} puts ${money} into an account at {bank}. Every year the account pays {percent}% of these ${money} as "
        f"simple interest, and {p} takes nothing out. How much money is in the account after {years} years?",
        [
            f"One year of interest is {money} * {percent} / 100 = {gain} dollars.",
            f"In {years} years that makes {years} * {gain} = {total} dollars.",
            f"The account then holds {money} + {total} = {money + total} dollars.",
        ],
    )


TEMPLATES: tuple[Template, ...] = (saving_goal, allowance, van, interest)
