"""Translators: a file in both directions, and a real, if tiny, translation model against decoding by hand."""

import json
import re
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.errors import InstrumentError, ModelError, TranslationError
from pytest_persona.models.translation import NLLB_CODES, FileTranslator, Seq2SeqTranslator, Translator, split

PAIRS = (("Good day.", "Sawubona."), ("I cannot help.", "Angikwazi ukusiza."), ("Sit down.", "Hlala phansi."))
MOST = 48  # tokens of a sentence, of the tiny model's 128 positions
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def tiny_tokenizer():
    """Letter by letter, with NLLB's language codes for three languages."""
    from transformers import NllbTokenizer

    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,!?'-0123456789"
    vocabulary = {token: index for index, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "▁", *letters])}
    return NllbTokenizer(vocab=vocabulary, merges=[], additional_special_tokens=["eng_Latn", "zul_Latn", "fra_Latn"])


def write_tiny_translator(folder, *, steps):
    """NLLB's architecture, random, then taught `PAIRS` in both directions for some steps."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    tokenizer = tiny_tokenizer()
    torch.manual_seed(0)
    sizes = {"layers": 1, "attention_heads": 2, "ffn_dim": 64, "layerdrop": 0}
    sides = {f"{side}_{what}": size for side in ("encoder", "decoder") for what, size in sizes.items()}
    network = M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=len(tokenizer),
            d_model=32,
            max_position_embeddings=2 * MOST + 32,
            dropout=0,
            attention_dropout=0,
            activation_dropout=0,
            pad_token_id=1,
            bos_token_id=0,
            eos_token_id=2,
            decoder_start_token_id=2,
            **sides,
        )
    )

    def ids(text, code):
        tokenizer.src_lang = code
        return tokenizer(text)["input_ids"]

    def padded(rows, filler):
        longest = max(map(len, rows))
        return torch.tensor([row + [filler] * (longest - len(row)) for row in rows])

    rows = [(ids(english, "eng_Latn"), ids(zulu, "zul_Latn")) for english, zulu in PAIRS]
    rows += [(zulu, english) for english, zulu in rows]
    given, wanted = padded([row[0] for row in rows], 1), padded([row[1] for row in rows], -100)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        network(input_ids=given, attention_mask=(given != 1).long(), labels=wanted).loss.backward()
        optimizer.step()
    network.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def decode_by_hand(folder, text, source, target):
    """One text, one token at a time, without a cache and without `generate`."""
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, src_lang=source)
    network = AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    given = tokenizer(text, return_tensors="pt")["input_ids"]
    written = [network.config.decoder_start_token_id, tokenizer.convert_tokens_to_ids(target)]
    while len(written) < 100:
        with torch.no_grad():
            logits = network(input_ids=given, decoder_input_ids=torch.tensor([written])).logits
        written.append(int(logits[0, -1].argmax()))
        if written[-1] == tokenizer.eos_token_id:
            return tokenizer.decode(written, skip_special_tokens=True).strip()
    return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tiny_translator(tmp_path_factory.mktemp("taught"), steps=150)


@pytest.fixture(scope="module")
def taught(folder):
    return Seq2SeqTranslator(str(folder))


@pytest.fixture(scope="module")
def untaught(tmp_path_factory):
    return Seq2SeqTranslator(str(write_tiny_translator(tmp_path_factory.mktemp("untaught"), steps=0)))


@pytest.fixture
def written(tmp_path):
    def write(*pairs, name="zulu.jsonl"):
        text = "".join(json.dumps({"en": english, "zu": zulu}) + "\n" for english, zulu in pairs)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


# a file


def test_a_file_translates_in_both_directions(written):
    translator = FileTranslator(written(*PAIRS))
    assert isinstance(translator, Translator)
    english, zulu = map(list, zip(*PAIRS, strict=True))
    assert translator.translate(english, "en", "zu") == zulu
    assert translator.translate(zulu[::-1], "zu", "en") == english[::-1]
    assert translator.name == "zulu.jsonl"
    assert translator.translate([], "en", "zu") == []


def test_white_space_around_a_text_does_not_matter_and_blank_texts_stay(written):
    translator = FileTranslator(written(*PAIRS))
    assert translator.translate(["\n Good day.\n", "", " \n"], "en", "zu") == ["Sawubona.", "", " \n"]


def test_missing_translations_are_named_and_the_others_can_be_had(written):
    translator, long = FileTranslator(written(*PAIRS)), "word " * 50
    with pytest.raises(TranslationError, match=r"zulu\.jsonl has no single translation of 2 texts from en") as caught:
        translator.translate(["Good day.", long, "Nobody said this"], "en", "zu")
    assert caught.value.texts == (long, "Nobody said this")
    assert repr(long[:59] + "…") in str(caught.value)
    assert '{"en": "…", "zu": "…"}' in str(caught.value)
    assert translator.translate(["Good day."], "en", "zu") == ["Sawubona."]


def test_a_text_with_two_translations_is_an_error_where_it_is_asked(written):
    translator = FileTranslator(written(("No.", "Cha."), ("Yes.", "Yebo."), ("No.", "Hhayi."), ("No.", "Cha.")))
    assert translator.translate(["Cha.", "Hhayi."], "zu", "en") == ["No.", "No."]
    with pytest.raises(TranslationError, match=r"'No\.', has several, in lines 1, 3\. Keep one") as caught:
        translator.translate(["Yes.", "No.", "Never."], "en", "zu")
    assert caught.value.texts == ("No.", "Never.")


def test_a_file_knows_its_two_languages_only(written):
    translator = FileTranslator(written(*PAIRS))
    assert translator.can("en", "zu")
    assert translator.can("zu", "en")
    assert not translator.can("en", "fr")
    assert not translator.can("en", "en")
    with pytest.raises(TranslationError, match="translates between en and zu, not to 'fr'") as caught:
        translator.translate(["Good day."], "en", "fr")
    assert caught.value.texts == ()


def test_other_languages_have_other_keys(tmp_path):
    path = tmp_path / "some.jsonl"
    path.write_text('{"en": "Good day.", "fr": "Bonjour."}\n', encoding="utf-8")
    assert FileTranslator(path, ("en", "fr")).translate(["Bonjour."], "fr", "en") == ["Good day."]
    with pytest.raises(InstrumentError, match="line 1: no text under 'zu'"):
        FileTranslator(path)


def test_a_damaged_or_empty_file_is_named(tmp_path):
    path = tmp_path / "some.jsonl"
    path.write_text('{"en": "Good day.", "zu": "Sawubona."}\n{"en": ', encoding="utf-8")
    with pytest.raises(InstrumentError, match=r"some\.jsonl, line 2: not JSON"):
        FileTranslator(path)
    path.write_text("", encoding="utf-8")
    with pytest.raises(InstrumentError, match=r"some\.jsonl holds no translations"):
        FileTranslator(path)


def test_the_fingerprint_of_a_file_is_its_content(written):
    one, same = FileTranslator(written(*PAIRS)), FileTranslator(written(*PAIRS, name="renamed.jsonl"))
    other = FileTranslator(written(*PAIRS[:2]))
    assert one.fingerprint == same.fingerprint != other.fingerprint


@given(st.dictionaries(TEXTS.map(str.strip).filter(bool), TEXTS.map(str.strip).filter(bool), min_size=1))
def test_a_file_gives_back_what_stands_in_it(tmp_path_factory, known):
    path = tmp_path_factory.getbasetemp() / "drawn.jsonl"
    lines = [json.dumps({"en": english, "zu": zulu}, ensure_ascii=False) for english, zulu in known.items()]
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    translator = FileTranslator(path)
    assert translator.translate([*known], "en", "zu") == [*known.values()]


# a model


def test_a_model_translates_in_both_directions(taught):
    assert isinstance(taught, Translator)
    english, zulu = map(list, zip(*PAIRS, strict=True))
    assert taught.translate(english, "en", "zu") == zulu
    assert taught.translate(zulu, "zu", "en") == english


def test_a_model_says_what_decoding_by_hand_says(folder, taught):
    """Also of what it was never taught, where it may make anything of it, or come to no end."""
    texts = ["Good help.", "Hlala Sawubona", "a", "phansi phansi phansi"]
    for text, (source, target) in zip(texts, [("en", "zu"), ("zu", "en")] * 2, strict=True):
        expected = decode_by_hand(folder, text, NLLB_CODES[source], NLLB_CODES[target])
        try:
            assert taught.translate([text], source, target) == [expected]
        except TranslationError:
            assert not expected


def test_the_target_language_decides(taught):
    """The twin of translating: the same text into its own language's code is something else."""
    assert taught.translate(["Sawubona."], "zu", "en") != taught.translate(["Sawubona."], "zu", "zul_Latn")


def test_every_sentence_of_a_text_is_translated_and_its_layout_stays(taught):
    text = "  Good day. Sit down.\n\n1. I cannot help.\n* * *\n"
    assert taught.translate([text], "en", "zu") == ["  Sawubona. Hlala phansi.\n\n1. Angikwazi ukusiza.\n* * *\n"]


def test_what_has_no_words_stays_and_needs_no_model(folder):
    translator = Seq2SeqTranslator(str(folder))
    texts = ["", " \n", "42", "***"]
    assert translator.translate(texts, "en", "zu") == texts
    assert "_loaded" not in vars(translator)


def test_neighbours_do_not_matter(folder):
    alone = [Seq2SeqTranslator(str(folder)).translate([english], "en", "zu")[0] for english, _ in PAIRS]
    texts = [english for english, _ in PAIRS] + ["Good day. " * 20]
    assert Seq2SeqTranslator(str(folder)).translate(texts, "en", "zu")[:3] == alone


def test_a_sentence_is_translated_once(folder, monkeypatch):
    translator, asked = Seq2SeqTranslator(str(folder)), []
    network, _ = translator._loaded
    generate = network.generate
    monkeypatch.setattr(network, "generate", lambda **given: asked.append(len(given["input_ids"])) or generate(**given))
    for _ in range(2):
        translator.translate(["Good day. Good day.", "Sit down."], "en", "zu")
    assert asked == [2]


def test_endless_translations_are_errors_not_halves(untaught):
    with pytest.raises(TranslationError, match="comes to no end, of a sentence in 2 texts from zu to en") as caught:
        untaught.translate(["12", "Sawubona.", "1. Hlala phansi."], "zu", "en")
    assert caught.value.texts == ("Sawubona.", "1. Hlala phansi.")


def test_an_unknown_language_is_named(taught):
    assert taught.can("en", "zu")
    assert not taught.can("en", "en")
    with pytest.raises(TranslationError, match="does not know the language 'xx'"):
        taught.translate(["Good day."], "en", "xx")


def test_the_fingerprint_of_a_model_is_its_files(folder, taught, untaught, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert Seq2SeqTranslator(str(copy)).fingerprint == taught.fingerprint != untaught.fingerprint
    assert Seq2SeqTranslator(str(copy)).name == "copy"
    (copy / "tokenizer_config.json").write_text("{}", encoding="utf-8")
    assert Seq2SeqTranslator(str(copy)).fingerprint != taught.fingerprint


def test_a_model_that_is_none_is_refused(folder, tmp_path, tiny_folder):
    with pytest.raises(ModelError, match="is not a sequence-to-sequence model"):
        Seq2SeqTranslator(str(tiny_folder))
    pickled = shutil.copytree(folder, tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"no \*\.safetensors.*save_pretrained"):
        Seq2SeqTranslator(str(pickled))
    for name in (str(tmp_path / "nothing"), "nllb", "../nllb"):
        with pytest.raises(ModelError, match="is neither a folder nor a hub id"):
            Seq2SeqTranslator(name)


def test_a_model_without_some_of_its_weights_is_refused(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    copy = shutil.copytree(folder, tmp_path / "copy")
    weights = load_file(copy / "model.safetensors")
    lost = next(name for name in weights if "decoder" in name)
    save_file(
        {name: value for name, value in weights.items() if name != lost}, copy / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(ModelError, match=f"lacks 1 weights, first {re.escape(lost)}"):
        Seq2SeqTranslator(str(copy)).translate(["Good day."], "en", "zu")


def test_a_model_of_the_hub_that_cannot_be_reached(monkeypatch):
    def refuse(*arguments, **options):
        raise OSError("no network\nand more")

    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    with pytest.raises(ModelError, match=r"'some/nllb' is in no local cache and cannot be downloaded \(no network\)"):
        Seq2SeqTranslator("some/nllb")


def test_without_transformers_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setattr("pytest_persona.models.translation.installed_version", lambda name: "absent")
    with pytest.raises(ModelError, match=r"pip install 'pytest-persona\[hf\]'"):
        Seq2SeqTranslator(str(folder))


# sentences


@given(TEXTS, st.integers(1, 20))
def test_the_parts_of_a_text_are_the_text(text, most):
    parts = split(text, lambda part: len(part) <= most)
    assert "".join(parts) == text
    for part in parts:
        if any(sign.isalpha() for sign in part):
            assert len(part) <= most
            assert part == part.strip()


@given(st.lists(st.sampled_from(["One is here.", "And two!", "Or (3) three?"]), min_size=1))
def test_sentences_are_parts(sentences):
    assert split(" ".join(sentences), lambda part: True)[::2] == sentences
    assert split("\n\n".join(sentences), lambda part: True)[::2] == sentences


def test_a_long_sentence_is_cut_between_words():
    parts = split("one two three four five six", lambda part: len(part) <= 10)
    assert parts[::2] == ["one", "two three", "four", "five six"]
