"""Winogender: three sentences an item that differ in the pronoun alone, and a template that says whom it means."""

import re

import pytest

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.official import PUBLISHED
from pytest_persona.instruments.winogender import (
    _POCKET,
    GENDERS,
    OFFICIAL_SENTENCES,
    OFFICIAL_TEMPLATES,
    SOMEONE,
    read_gender_items,
    winogender,
)

PRONOUNS = {"male": ("he", "him", "his"), "female": ("she", "her"), "neutral": ("they", "them", "their")}
TEMPLATES = "occupation(0)\tother-participant(1)\tanswer\tsentence\nbaker\tguest\t1\tThe $OCCUPATION …\n"
SENTENCES = "sentid\tsentence\n" + "".join(
    f"baker.guest.1.{gender}.txt\tThe baker fed the guest, because {PRONOUNS[gender][0]} had asked.\n"
    for gender in GENDERS
)


@pytest.fixture
def read(tmp_path):
    def write(sentences=SENTENCES, templates=TEMPLATES):
        for name, text in (("all_sentences", sentences), ("templates", templates)):
            (tmp_path / f"{name}.tsv").write_text(text, encoding="utf-8", newline="")
        return read_gender_items(tmp_path / "all_sentences.tsv", tmp_path / "templates.tsv")

    return write


@pytest.fixture(scope="module", params=["pocket", "official"])
def some(request):
    if request.param == "pocket":
        return winogender(kind="pocket")
    data = request.getfixturevalue("official_data")
    for name in (OFFICIAL_SENTENCES, OFFICIAL_TEMPLATES):
        if not (data / name).is_file():
            pytest.skip(f"needs the published sentences: set PERSONA_DATA to a folder that has {name}")
    return winogender(kind="official", data=data)


def test_the_items_are_whole(some):
    assert len(some.items) == {"pocket": 64, "official": 240}[some.kind]
    assert sum(item.answer for item in some.items) == len(some.items) / 2
    if some.kind == "official":
        assert sum(item.participant == SOMEONE for item in some.items) == 120
        assert sum(len(item.sentences) for item in some.items) == PUBLISHED[OFFICIAL_SENTENCES].items
        assert (some.source, some.licence) == (PUBLISHED[OFFICIAL_SENTENCES].source, "MIT")


def test_an_item_differs_in_the_pronoun_alone(some):
    for item in some.items:
        assert tuple(item.sentences) == GENDERS
        assert len(set(item.sentences.values())) == 3
        plain = set()
        for gender, sentence in item.sentences.items():
            pronoun = re.compile(rf"\b(?:{'|'.join(PRONOUNS[gender])})\b", re.IGNORECASE)
            assert pronoun.search(sentence)
            plain.add(pronoun.sub("…", sentence).replace(" was ", " were ").replace(" is ", " are "))
        assert len(plain) == 1, plain
        assert all(item.occupation in sentence.casefold() for sentence in item.sentences.values())
        assert all(item.participant in sentence.casefold() for sentence in item.sentences.values())


def test_the_order_of_the_two_people_does_not_tell_the_answer():
    """Nor does the beginning of a sentence: each pair of items shares it, and ends with either answer."""
    pocket = winogender(kind="pocket")
    first = [
        int(sentence.index(f" {item.participant}") < sentence.index(f" {item.occupation}"))
        for item in pocket.items
        for sentence in [item.sentences["male"].casefold()]
    ]
    assert sum(first) == len(first) / 2
    assert sum(named == item.answer for named, item in zip(first, pocket.items, strict=True)) == len(first) / 2
    pairs = [(one.occupation, one.participant, one.answer) for one in pocket.items]
    assert pairs[::2] == [(occupation, participant, 0) for occupation, participant, _ in pairs[1::2]]
    assert len({person for pair in pairs for person in pair[:2]}) == len(pairs)


def test_the_templates_of_the_pocket_make_its_sentences():
    """Sentences without a template's pronoun, or of another one, would be read all the same."""
    forms = {"male": ("he", "him", "his"), "female": ("she", "her", "her"), "neutral": ("they", "them", "their")}
    made = set()
    for line in (_POCKET / "templates.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        occupation, participant, _, template = line.split("\t")
        names = {"$OCCUPATION": occupation, "$PARTICIPANT": participant}
        for form in forms.values():
            kinds = dict(zip(("$NOM_PRONOUN", "$ACC_PRONOUN", "$POSS_PRONOUN"), form, strict=True))
            made.add(re.sub(r"\$[A-Z_]+", lambda found, known=names | kinds: known[found[0]], template))
    assert made == {text for item in winogender(kind="pocket").items for text in item.sentences.values()}


def test_items_cannot_be_changed(some):
    with pytest.raises(TypeError):
        some.items[0].sentences["male"] = "other"


def test_the_layout_is_read(read):
    (item,) = read()
    assert (item.id, item.occupation, item.participant, item.answer) == ("baker.guest.1", "baker", "guest", 1)
    assert item.sentences["female"] == "The baker fed the guest, because she had asked."


def test_someone_takes_the_template_of_the_occupation(read):
    (item,) = read(SENTENCES.replace("baker.guest", "baker.someone"))
    assert (item.participant, item.answer) == ("someone", 1)


@pytest.mark.parametrize(
    ("sentences", "templates", "message"),
    [
        (SENTENCES.replace("sentid", "id"), TEMPLATES, "line 1: columns id, sentence, expected sentid, sentence"),
        ("", TEMPLATES, "line 1: columns , expected sentid"),
        (SENTENCES[:-60], TEMPLATES, "line 4: expected 2 fields with text"),
        (SENTENCES + "\n", TEMPLATES, "line 5: expected 2 fields"),
        (SENTENCES.replace(".female.", ".other."), TEMPLATES, "line 3: sentid 'baker.guest.1.other.txt'"),
        (SENTENCES.replace("guest.1.male", "guest.2.male"), TEMPLATES, "line 2: sentid 'baker.guest.2.male.txt'"),
        (SENTENCES.replace(".neutral.", ".male."), TEMPLATES, "line 4: .* stands there a second time"),
        (SENTENCES.replace(".1.", ".0."), TEMPLATES, "line 2: .*templates.tsv has no template for"),
        (SENTENCES.replace("baker.guest.1", "baker.someone.0"), TEMPLATES, "line 2: .* has no template for"),
        (SENTENCES.replace("baker.guest", "baker.buyer"), TEMPLATES, "line 2: .* has no template for"),
        (SENTENCES.rsplit("baker.", 1)[0], TEMPLATES, "baker.guest.1 has no sentence for neutral"),
        (SENTENCES, TEMPLATES.replace("\t1\t", "\t2\t"), "templates.tsv, line 2: answer '2', expected 0"),
        (
            SENTENCES,
            TEMPLATES + TEMPLATES.split("\n")[1],
            "templates.tsv, line 3: baker, guest, 1 stands there a second",
        ),
    ],
)
def test_a_damaged_line_is_named(read, sentences, templates, message):
    with pytest.raises(InstrumentError, match=message):
        read(sentences, templates)


def test_another_file_is_refused(tmp_path, read):
    (tmp_path / "winogender").mkdir()
    (tmp_path / OFFICIAL_SENTENCES).write_text(SENTENCES, encoding="utf-8")
    with pytest.raises(InstrumentError, match=r"templates\.tsv is missing"):
        winogender(kind="official", data=tmp_path)
    (tmp_path / OFFICIAL_TEMPLATES).write_text(TEMPLATES, encoding="utf-8")
    with pytest.raises(InstrumentError, match="is not the published file"):
        winogender(kind="official", data=tmp_path)
    with pytest.raises(InstrumentError, match="no kind of instrument"):
        winogender(kind="small")
