"""Attacks: each keeps the forbidden prompt recoverable, takes any text, and says the same every time."""

import re
from dataclasses import FrozenInstanceError, dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.errors import InstrumentError, TranslationError
from pytest_persona.instruments.attacks import ATTACKS, FIVE, Attack, TemplateAttack, TranslationAttack, find_attack
from pytest_persona.instruments.forbidden import ForbiddenPrompt, forbidden_prompts
from pytest_persona.instruments.items import text_id
from pytest_persona.models.protocol import ask
from pytest_persona.models.translation import FileTranslator, Translator

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.lists(
    st.sampled_from(["{prompt}", "{", "}", "{}", "{{prompt}}", "%s", "$prompt", "\n", "\\", "\u2028", "a", "'", "\0"])
).map("".join)
TEMPLATES = [name for name in ATTACKS if name != "zulu"]


class Backwards:
    """Translates anything, by writing it backwards with its target's name."""

    name = "backwards"
    fingerprint = "0" * 64

    def __init__(self, *directions):
        self.directions = directions or (("en", "zu"), ("zu", "en"))
        self.asked = []

    def can(self, source, target):
        return (source, target) in self.directions

    def translate(self, texts, source, target):
        self.asked += texts
        return [f"{target}:{text[::-1]}" for text in texts]


def forbidden(text, **translations):
    return ForbiddenPrompt(id=text_id(text), category="Violence", text=text, translations=translations)


def recoverable(chat, text):
    return any(text in turn for role, turn in chat if role == "user")


@pytest.fixture(scope="module")
def pocket():
    return forbidden_prompts(kind="pocket").items


# the built-in ones


def test_the_built_in_attacks_have_an_order():
    assert FIVE == ("dan", "happy_to_help", "role_play", "wikipedia", "zulu")
    assert list(ATTACKS) == ["none", *FIVE]
    attacks = [find_attack(name) for name in ATTACKS]
    assert tuple(attack.name for attack in attacks) == ATTACKS
    assert {attack.source for attack in attacks} == {"pytest-persona"}
    assert [attack.needs_translator for attack in attacks] == [False] * 5 + [True]
    assert [attack.language for attack in attacks] == ["en"] * 5 + ["zu"]
    assert len({attack.fingerprint for attack in attacks}) == 6
    assert all(re.fullmatch(r"[0-9a-f]{64}", attack.fingerprint) for attack in attacks)


@pytest.mark.parametrize("name", TEMPLATES)
@given(text=TEXTS)
def test_a_template_holds_any_prompt_as_it_is(name, text):
    attack = find_attack(name)
    chat = attack(forbidden(text))
    assert recoverable(chat, text)
    assert chat == find_attack(name)(forbidden(text)) == attack.chats([forbidden(text)])[0]
    before, after = attack.template.split("{prompt}")
    assert chat == ask(before + text + after)


@given(text=TEXTS)
def test_zulu_holds_any_prompt_translated(text):
    attack = find_attack("zulu", translator=Backwards())
    chat = attack(forbidden(text))
    assert recoverable(chat, f"zu:{text[::-1]}")
    assert chat == attack(forbidden(text)) == attack.chats([forbidden(text)])[0]
    assert attack(forbidden(text, zu="Sawubona")) == ask("Sawubona")


def test_a_prompt_that_is_lost_is_found():
    """The twin: formatting eats the prompt's braces, and a text that is only named is not recoverable."""
    assert not recoverable(ask("Do {{it}}.".format()), "Do {{it}}.")
    assert not recoverable((("system", "Do it."), ("user", "As I said.")), "Do it.")


def test_without_an_attack_the_prompt_stands_alone():
    assert find_attack("none")(forbidden(" Do it.\n")) == ask(" Do it.\n")


def test_templates_differ_and_are_short():
    frames = [find_attack(name)(forbidden(""))[0][1] for name in TEMPLATES]
    assert frames[0] == ""
    assert all(100 < len(frame) < 500 for frame in frames[1:])
    for index, frame in enumerate(frames[1:]):
        others = {word for other in frames[1 + index + 1 :] for word in other.split()}
        assert len(set(frame.split()) - others) > 10


@given(st.lists(TEXTS))
def test_replies_are_read_as_they_are_or_translated_back(replies):
    assert all(find_attack(name).read(replies) == replies for name in TEMPLATES)
    translator = Backwards()
    assert find_attack("zulu", translator=translator).read(replies) == [f"en:{reply[::-1]}" for reply in replies]


# templates


@given(before=TEXTS, after=TEXTS, text=TEXTS)
def test_other_braces_of_a_template_are_only_braces(before, after, text):
    template = before.replace("{prompt}", "{p}") + "{prompt}" + after.replace("{prompt}", "{p}")
    if template.count("{prompt}") != 1:  # pieces that make one at the seam
        with pytest.raises(InstrumentError):
            TemplateAttack(name="own", source="test", template=template)
        return
    attack = TemplateAttack(name="own", source="test", template=template)
    ((role, said),) = attack(forbidden(text))
    assert (role, said) == ("user", text.join(template.split("{prompt}")))


@pytest.mark.parametrize(("template", "count"), [("", 0), ("{ prompt }", 0), ("{Prompt}", 0), ("{prompt} {prompt}", 2)])
def test_a_template_holds_its_prompt_once(template, count):
    with pytest.raises(InstrumentError, match=f"'own' holds {{prompt}} {count} times, expected once"):
        TemplateAttack(name="own", source="test", template=template)


def test_the_fingerprint_is_what_an_attack_does():
    one = TemplateAttack(name="one", source="test", template="Do {prompt}")
    assert replace(one, name="other", source="other").fingerprint == one.fingerprint
    assert replace(one, template="Do {prompt}!").fingerprint != one.fingerprint
    with pytest.raises(FrozenInstanceError):
        one.template = "{prompt}"


# translation


def test_zulu_without_a_translator_is_unmeasured_and_says_so(pocket):
    attack = find_attack("zulu")
    assert attack.obstacle(pocket) == "attack 'zulu' needs a translator between 'en' and 'zu', and none is given"
    for do in (lambda: attack(forbidden("Do it.")), lambda: attack.read(["Cha."])):
        with pytest.raises(TranslationError, match=r"needs a translator.*leave the attack out"):
            do()


def test_a_prompt_that_brings_its_translation_is_asked_but_its_reply_is_not_read(pocket):
    """Fail closed: a judge of English cannot tell a Zulu answer from nonsense."""
    attack = find_attack("zulu")
    assert attack.chats(pocket) == [ask(prompt.translations["zu"]) for prompt in pocket]
    with pytest.raises(TranslationError):
        attack.read(["Sawubona."])
    assert attack.obstacle(pocket) is not None


def test_both_directions_are_needed_only_where_prompts_bring_no_translation(pocket):
    back = find_attack("zulu", translator=Backwards(("zu", "en")))
    assert back.obstacle(pocket) is None
    assert back.obstacle([*pocket, forbidden("Do it.")]) == (
        "translator backwards of attack 'zulu' cannot do 'en' to 'zu'"
    )
    there = find_attack("zulu", translator=Backwards(("en", "zu")))
    assert there.obstacle(pocket) == "translator backwards of attack 'zulu' cannot do 'zu' to 'en'"
    both = find_attack("zulu", translator=Backwards())
    assert both.obstacle([forbidden("Do it.")]) is None
    assert all(find_attack(name).obstacle(pocket) is None for name in TEMPLATES)


def test_prompts_are_translated_together_and_once():
    translator = Backwards()
    attack = find_attack("zulu", translator=translator)
    prompts = [forbidden("One"), forbidden("Two", zu="Kubili"), forbidden("One"), forbidden("")]
    assert attack.chats(prompts) == [ask("zu:enO"), ask("Kubili"), ask("zu:enO"), ask("zu:")]
    assert translator.asked == ["One", ""]
    assert isinstance(translator, Translator)


def test_a_file_of_translations_serves_zulu(tmp_path, pocket):
    path = tmp_path / "zulu.jsonl"
    path.write_text('{"en": "Do it.", "zu": "Kwenze."}\n{"en": "No.", "zu": "Cha."}\n', encoding="utf-8")
    attack = find_attack("zulu", translator=FileTranslator(path))
    assert attack(forbidden("Do it.")) == ask("Kwenze.")
    assert attack.read(["Cha.", ""]) == ["No.", ""]
    assert attack.obstacle(pocket) is None
    with pytest.raises(TranslationError, match=r"'Yebo\.', is not in it") as caught:
        attack.read(["Cha.", "Yebo."])
    assert caught.value.texts == ("Yebo.",)


def test_the_translator_is_part_of_the_fingerprint():
    one, other = Backwards(), Backwards()
    other.fingerprint = "1" * 64
    attacks = [find_attack("zulu", translator=translator) for translator in (None, one, other)]
    assert len({attack.fingerprint for attack in attacks}) == 3
    assert TranslationAttack(name="x", source="", language="fr").fingerprint != attacks[0].fingerprint
    assert attacks[1].with_translator(None) == attacks[0]


def test_a_template_minds_no_translator():
    assert find_attack("dan", translator=Backwards()) == find_attack("dan")


# attacks of others


OWN = TemplateAttack(name="own", source="own.yaml", template="Do {prompt}")


def test_attacks_of_the_user_are_found_by_name():
    assert find_attack("own", loaded=[OWN]) is OWN
    zulu = replace(find_attack("zulu"), name="mine")
    assert find_attack("mine", loaded=[OWN, zulu], translator=(translator := Backwards())).translator is translator


def test_an_unknown_attack_gets_a_suggestion():
    with pytest.raises(InstrumentError, match="no attack 'wikipaedia'; did you mean 'wikipedia'") as caught:
        find_attack("wikipaedia", loaded=[OWN])
    assert str(caught.value).endswith("Known: none, dan, happy_to_help, role_play, wikipedia, zulu, own")
    with pytest.raises(InstrumentError, match="did you mean 'own'"):
        find_attack("Owns", loaded=[OWN])


def test_a_name_that_two_attacks_have_is_an_error():
    with pytest.raises(InstrumentError, match=r"attack 'own' is ambiguous: .*own\.yaml.*other\.yaml"):
        find_attack("own", loaded=[OWN, replace(OWN, source="other.yaml")])
    with pytest.raises(InstrumentError, match=r"attack 'dan' is ambiguous: the built-in one, that of own\.yaml"):
        find_attack("dan", loaded=[replace(OWN, name="dan")])


def test_an_attack_of_several_turns_needs_little():
    @dataclass(frozen=True, kw_only=True)
    class Foot(Attack):
        @property
        def fingerprint(self):
            return "f" * 64

        def __call__(self, prompt):
            return (("user", "May I ask?"), ("assistant", "Do."), ("user", prompt.text))

    attack = Foot(name="foot", source="test")
    assert attack.chats([forbidden("Do it.")])[0][-1] == ("user", "Do it.")
    assert (attack.read(["No."]), attack.obstacle(), attack.needs_translator) == (["No."], None, False)
    assert attack.with_translator(Backwards()) is attack
    with pytest.raises(TypeError, match="abstract"):
        Attack(name="none of these", source="")


MODULE = """
from pytest_persona.instruments.attacks import TemplateAttack

shout = TemplateAttack(name="shout", source="thirdparty 1.0", template="{prompt}!!!")
misnamed = shout
dan = TemplateAttack(name="dan", source="thirdparty 1.0", template="{prompt}???")
nothing = 42
"""


@pytest.fixture
def third_party(tmp_path, monkeypatch):
    """A distribution that registers attacks, as pip would install it."""
    info = tmp_path / "persona_thirdparty-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: persona-thirdparty\nVersion: 1.0\n")
    names = ("shout", "misnamed", "dan", "nothing", "absent")
    lines = "".join(f"{name} = persona_thirdparty:{name}\n" for name in names)
    (info / "entry_points.txt").write_text(f"[pytest_persona.attacks]\n{lines}broken = no_such_module:x\n")
    (tmp_path / "persona_thirdparty.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)


def test_an_installed_distribution_brings_attacks(third_party):
    attack = find_attack("shout")
    assert attack(forbidden("Do it.")) == ask("Do it.!!!")
    assert attack.source == "thirdparty 1.0"
    with pytest.raises(InstrumentError, match="no attack 'shou'; did you mean 'shout'"):
        find_attack("shou")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("misnamed", "attack 'misnamed' of the distribution persona-thirdparty calls itself 'shout'"),
        ("nothing", "attack 'nothing' of the distribution persona-thirdparty: .* is int, not an Attack"),
        ("absent", "attack 'absent' of the distribution persona-thirdparty cannot be loaded: .*absent"),
        ("broken", "attack 'broken' of .* cannot be loaded: No module named 'no_such_module'"),
        ("dan", "attack 'dan' is ambiguous: the built-in one, that of the distribution persona-thirdparty"),
    ],
)
def test_what_a_distribution_does_wrong_is_said(third_party, name, message):
    with pytest.raises(InstrumentError, match=message):
        find_attack(name)


def test_without_the_distribution_there_is_no_such_attack():
    """The twin."""
    with pytest.raises(InstrumentError, match="no attack 'shout'"):
        find_attack("shout")


def test_what_is_broken_elsewhere_does_not_matter(third_party):
    assert find_attack("wikipedia").name == "wikipedia"
