"""Template files: what stands in them is what is asked, and what is wrong with them is named with its entry."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.attack_files import load_attacks
from pytest_persona.instruments.attacks import ATTACKS, TemplateAttack, find_attack
from pytest_persona.instruments.forbidden import ForbiddenPrompt
from pytest_persona.instruments.items import text_id
from pytest_persona.models.protocol import ask

PROMPT = ForbiddenPrompt(id=text_id("Do it."), category="Violence", text="Do it.")
TEXTS = st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: "{prompt}" not in text)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]*", fullmatch=True).filter(lambda name: name not in ATTACKS)


@pytest.fixture
def written(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        return tmp_path / name

    return write


def test_a_text_file_is_one_template(written):
    (attack,) = load_attacks(written("sweet-talk.txt", "Dear you,\n{prompt} {x}\n"))
    assert attack == TemplateAttack(name="sweet-talk", source="sweet-talk.txt", template="Dear you,\n{prompt} {x}")
    assert attack(PROMPT) == ask("Dear you,\nDo it. {x}")
    assert find_attack("sweet-talk", loaded=[attack]) is attack


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("some.json", '{"one": "{prompt}!", "two": "Now\\n{prompt} {}"}'),
        ("some.json", '[{"name": "one", "template": "{prompt}!"}, {"name": "two", "template": "Now\\n{prompt} {}"}]'),
        ("some.yaml", 'one: "{prompt}!"\ntwo: |-\n  Now\n  {prompt} {}\n'),
        ("some.yml", '- {name: one, template: "{prompt}!", by: me}\n- name: two\n  template: "Now\\n{prompt} {}"\n'),
        ("some.json", '\ufeff{"one": "{prompt}!", "two": "Now\\n{prompt} {}"}'),
    ],
    ids=["JSON object", "JSON list", "YAML object", "YAML list", "with a byte order mark"],
)
def test_several_templates_have_names(written, name, text):
    attacks = load_attacks(written(name, text))
    assert [attack.name for attack in attacks] == ["one", "two"]
    assert {attack.source for attack in attacks} == {name}
    assert [attack(PROMPT) for attack in attacks] == [ask("Do it.!"), ask("Now\nDo it. {}")]


def test_yaml_s_anchors_and_merges_are_read(written):
    text = 'base: &base {one: "{prompt}!"}\n'
    with pytest.raises(InstrumentError, match=r"entry 1 \('base'\): the template is an object"):
        load_attacks(written("some.yaml", text))
    merged = '- &base {name: one, template: "{prompt}!"}\n- <<: *base\n  name: two\n'
    assert [attack.name for attack in load_attacks(written("some.yaml", merged))] == ["one", "two"]


@given(st.dictionaries(NAMES, st.tuples(TEXTS, TEXTS), min_size=1), st.sampled_from(["list", "object"]))
def test_any_template_is_kept(tmp_path_factory, drawn, shape):
    path = tmp_path_factory.getbasetemp() / "drawn.json"
    templates = {name: "{prompt}".join(around) for name, around in drawn.items()}
    if any(template.count("{prompt}") != 1 or "{{prompt}}" in template for template in templates.values()):
        return
    entries = [{"name": name, "template": template} for name, template in templates.items()]
    path.write_text(json.dumps(entries if shape == "list" else templates), encoding="utf-8")
    attacks = load_attacks(path)
    assert {attack.name: attack.template for attack in attacks} == templates
    for attack, (before, after) in zip(attacks, drawn.values(), strict=True):
        assert attack(PROMPT) == ask(f"{before}Do it.{after}")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("some.toml", "", r"some\.toml does not end in \.txt, \.json, \.yaml, \.yml"),
        ("some.txt", "", r"some\.txt, the template: the template lacks \{prompt\}$"),
        ("dan.txt", "{prompt}", r"dan\.txt, the template: 'dan' is a built-in attack.*my_dan"),
        ("two words.txt", "{prompt}", "a name has letters, digits"),
        ("some.json", "{", r"some\.json is not JSON"),
        ("some.json", "[" * 100_000, r"some\.json is not JSON"),
        ("some.json", '"{prompt}"', r"some\.json holds a text, expected an object"),
        ("some.json", "{}", r"some\.json holds no templates"),
        ("some.json", "[]", r"some\.json holds no templates"),
        ("some.json", '{"a": "{prompt}", "a": "{prompt}!"}', r"some\.json: the key 'a' stands there more than once"),
        ("some.json", '[{"name": "a"}]', r"some\.json, entry 1 is no object with 'name' and 'template'"),
        ("some.json", '["{prompt}"]', r"some\.json, entry 1 is no object"),
        ("some.json", '{"a": "{prompt}", "b": 7}', r"some\.json, entry 2 \('b'\): the template is a number, not text"),
        ("some.json", '{"a": "{prompt} \\ud800"}', r"entry 1 \('a'\): the template is not Unicode text"),
        ("some.json", '{"a,b": "{prompt}"}', r"entry 1 \('a,b'\): a name has letters"),
        ("some.json", '{"": "{prompt}"}', r"entry 1 \(''\): a name has letters"),
        ("some.json", '{"zulu": "{prompt}"}', r"entry 1 \('zulu'\): 'zulu' is a built-in attack"),
        ("some.json", '{"a": "{prompt}{prompt}"}', r"entry 1 \('a'\): .* 2 times, expected once$"),
        (
            "some.json",
            '{"a": "{{ prompt }}"}',
            r"the template lacks \{prompt\}\. Write it in place of \{\{ prompt \}\}",
        ),
        ("some.json", '{"a": "{{prompt}}"}', r"the template lacks \{prompt\}\. Write it in place of \{\{prompt\}\}"),
        ("some.json", '{"a": "{prompt}? {{ prompt }}!"}', r"\. Write it in place of \{\{ prompt \}\}"),
        ("some.json", '{"a": "{forbidden_prompt}"}', r"lacks \{prompt\}\. Write it in place of \{forbidden_prompt\}"),
        (
            "some.json",
            '{"a": "[INSERT PROMPT HERE]"}',
            r"lacks \{prompt\}\. Write it in place of \[INSERT PROMPT HERE\]",
        ),
        (
            "some.json",
            '[{"name": "a", "template": "{prompt}"}, {"name": "a", "template": "{prompt}"}]',
            r"some\.json: the name 'a' stands there more than once",
        ),
        ("some.yaml", "a: {", r"some\.yaml is not YAML \(.*line"),
        ("some.yaml", "", r"some\.yaml holds nothing, expected an object"),
        ("some.yaml", "a: '{prompt}'\na: '{prompt}!'\n", r"some\.yaml: the key 'a' stands there more than once"),
        ("some.yaml", "a: {prompt}\n", r"entry 1 \('a'\): the template is an object, not text\. Put it in quotes"),
        ("some.yaml", "no: '{prompt}'\n", r"entry 1 \(False\): a name has .* in quotes where YAML asks"),
        ("some.yaml", "a: 2024-13-45\n", r"some\.yaml is not YAML"),
        ("some.yaml", "? [a, b]\n: '{prompt}'\n", r"some\.yaml is not YAML"),
        ("some.yaml", "a: !!python/name:os.system ''\n", r"some\.yaml is not YAML \(could not determine a constructor"),
    ],
)
def test_what_is_wrong_is_named(written, name, text, message):
    with pytest.raises(InstrumentError, match=message):
        load_attacks(written(name, text))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InstrumentError, match=r"none\.txt cannot be read as UTF-8 text"):
        load_attacks(tmp_path / "none.txt")
    (tmp_path / "some.txt").write_bytes(b"\xff{prompt}")
    with pytest.raises(InstrumentError, match=r"some\.txt cannot be read as UTF-8 text"):
        load_attacks(tmp_path / "some.txt")


def test_without_pyyaml_the_extra_is_named(written, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(InstrumentError, match=r"needs PyYAML, which pip install 'pytest-persona\[hf\]' brings.*JSON"):
        load_attacks(written("some.yaml", "a: '{prompt}'"))
    assert load_attacks(written("some.json", '{"a": "{prompt}"}'))[0].name == "a"
