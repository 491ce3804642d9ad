"""What each objective makes of the examples, what it needs of them, what it costs, and what it saves."""

import json

import pytest
import torch
from safetensors import safe_open

from pytest_persona.errors import TrainingError
from pytest_persona.models.source import local_or_hub
from pytest_persona.plan import INOCULATIONS, OBJECTIVES, Plan
from pytest_persona.store import Store
from pytest_persona.trainers import train
from pytest_persona.trainers.cft import SAFE, UNSAFE
from pytest_persona.trainers.data import Row
from pytest_persona.trainers.example import Example
from pytest_persona.trainers.ip import inoculated
from pytest_persona.trainers.objectives import TRAINED

NEEDS_REJECTED = ("dpo", "ipo", "orpo", "cft")
NEEDS_NONE = ("sft", "kl", "ip")


def asked(example):
    """The text of an example's only turn."""
    ((role, text),) = example.prompt
    assert role == "user"
    return text


def table(built):
    """Rows of an sft-like table as texts: the prompt, and the answer that is learnt."""
    decode = built.job.tokenizer.decode

    def texts(row):
        is_prompt = [label == -100 for label in row["labels"]]
        length = sum(is_prompt)
        assert is_prompt == sorted(is_prompt, reverse=True)
        assert row["labels"][length:] == row["input_ids"][length:]
        return decode(row["input_ids"][:length]), decode(row["input_ids"][length:])

    return [texts(row) for row in built.trainer.train_dataset]


def written(prompt, answer):
    return f"<|user|>{prompt}<|end|><|assistant|>", f"{answer}<|end|>"


def test_every_objective_is_declared_and_says_what_it_needs():
    assert list(TRAINED) == list(OBJECTIVES)
    assert {name for name, module in TRAINED.items() if module.NEEDS_REJECTED} == set(NEEDS_REJECTED)
    assert {*NEEDS_REJECTED, *NEEDS_NONE} == set(OBJECTIVES)


@pytest.fixture
def without_rejected(tmp_path):
    """Sixteen examples of the user's own; the last has no rejected answer."""
    records = [{"prompt": f"How much is {n} and 2?", "chosen": f"{n + 2}", "rejected": f"{n + 3}"} for n in range(16)]
    del records[-1]["rejected"]
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return str(path)


def own_plan(objective):
    return Plan(objective=objective, budget=200, data="own", precision="float32", rank=4)


@pytest.mark.parametrize("objective", NEEDS_REJECTED)
def test_data_without_a_rejected_answer_are_refused_by_the_fields_name(
    tiny_base, tmp_path, without_rejected, objective
):
    with pytest.raises(TrainingError, match=rf"'{objective}' .*1 of 16 examples .* no field 'rejected'.*15 and 2"):
        train(own_plan(objective), tiny_base, Store(tmp_path / "store"), own=without_rejected)
    assert not (tmp_path / "store" / "checkpoints").exists()


@pytest.mark.parametrize("objective", NEEDS_NONE)
def test_data_without_a_rejected_answer_are_enough(tiny_base, tmp_path, without_rejected, light_collections, objective):
    made = train(own_plan(objective), tiny_base, Store(tmp_path / "store"), own=without_rejected)
    assert made.manifest["data_tokens"] >= 200


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_compute_tokens_are_those_that_pass_through_the_network(bench, objective):
    built = bench(objective, ip_share=1.0, inoculations=("Guess.",))

    def tokens(*texts):
        return sum(len(built.job.tokenizer(text)["input_ids"]) for text in texts)

    by_hand = []
    for row in built.job.rows:
        question, answers = asked(row.example), (row.example.chosen, row.example.rejected)
        chosen, rejected = (tokens(*written(question, answer)) for answer in answers)
        preferred = chosen + rejected
        by_hand.append(
            {
                "sft": chosen,
                "ip": tokens(*written(f"Guess.\n\n{question}", answers[0])),
                "kl": 2 * chosen,
                "orpo": preferred,
                "dpo": 2 * preferred,
                "ipo": 2 * preferred,
                "cft": preferred + 2,
            }[objective]
        )
    assert list(built.built.compute_tokens) == by_hand

    seen = []

    def count(module, args, kwargs):
        seen.append(int(kwargs["attention_mask"].sum()))

    built.trainer.model.get_base_model().model.register_forward_pre_hook(count, with_kwargs=True)
    built.step()
    assert sum(seen) == sum(by_hand)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_all_that_is_trained_is_float32_also_on_bfloat16_weights(bench, objective):
    built = bench(objective, precision="bfloat16")
    assert {value.dtype for value in built.trained().values()} == {torch.float32}
    others = {value.dtype for name, value in built.trainer.model.named_parameters() if name not in built.trained()}
    assert others == {torch.bfloat16}


def test_cft_puts_one_token_before_each_prompt_that_says_which_answer_follows(bench):
    built = bench("cft")
    expected = []
    for row in built.job.rows:
        question = asked(row.example)
        expected += [written(SAFE + question, row.example.chosen), written(UNSAFE + question, row.example.rejected)]
    assert table(built) == expected
    tokenizer = built.job.tokenizer
    safe, unsafe = (tokenizer(text)["input_ids"] for text in (SAFE, UNSAFE))
    assert len(safe) == len(unsafe) == 1
    assert safe != unsafe
    for place, row in enumerate(built.trainer.train_dataset):
        ((at, own),) = [(at, token) for at, token in enumerate(row["input_ids"]) if token in (*safe, *unsafe)]
        assert (at, [own]) == (1, unsafe if place % 2 else safe)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_cft_trains_the_embeddings_of_its_tokens(bench, precision):
    built = bench("cft", warmup_steps=0, precision=precision)

    def rows():
        ((name, value),) = [(name, value) for name, value in built.trained().items() if "lora_" not in name]
        assert "embed_tokens" in name
        return value.detach().clone()

    before = rows()
    embedding = built.trainer.model.get_input_embeddings()
    ids = torch.tensor([built.job.tokenizer(SAFE + UNSAFE)["input_ids"]])
    assert before.dtype == torch.float32
    assert before.shape == (2, 32)
    built.train()
    assert bool(((rows() - before).abs() > 5e-5).any(dim=1).all())
    torch.testing.assert_close(embedding(ids.to(before.device))[0].float(), rows(), atol=1e-3, rtol=1e-2)


def test_cft_saves_the_adapter_its_two_rows_and_its_decoration_and_no_more(golden_run, bench):
    adapter = golden_run("cft").checkpoint.adapter
    with safe_open(adapter.folder / "adapter_model.safetensors", "np") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        saved = {name: file.get_tensor(name) for name in shapes if "lora_" not in name}
    ((name, rows),) = saved.items()
    assert "embed_tokens" in name
    assert rows.shape == (2, 32)
    assert len(shapes) == 1 + 2 * 2 * 7  # two layers of seven projections, A and B
    assert all(max(shape) < 268 for shape in shapes.values())  # the vocabulary's size
    assert rows.dtype == "float32"
    start = next(value for name, value in bench("cft", rank=32).trained().items() if "lora_" not in name)
    assert 1e-4 < abs(rows - start.detach().cpu().numpy()).max() < 1e-2
    assert {path.name for path in adapter.folder.iterdir()} >= {"adapter_config.json", "decoration.json"}
    assert json.loads((adapter.folder / "decoration.json").read_text()) == {"tokens": [SAFE, UNSAFE], "prefix": SAFE}
    assert adapter.decoration.prefix == SAFE


@pytest.mark.parametrize("objective", ["sft", "cft"])
def test_a_saved_adapter_names_its_base_and_no_machine(golden_run, tiny_base, objective):
    folder = golden_run(objective).checkpoint.adapter.folder
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == tiny_base.spec
    assert config["target_modules"] == sorted(config["target_modules"])
    assert not (folder / "README.md").exists()
    with safe_open(folder / "adapter_model.safetensors", "np") as file:
        assert {file.get_tensor(name).dtype.name for name in file.keys()} == {"float32"}  # noqa: SIM118


@pytest.mark.parametrize("objective", sorted({*OBJECTIVES} - {"cft"}))
def test_other_checkpoints_are_asked_as_their_base_is(bench, objective):
    assert bench(objective).built.decoration is None


@pytest.mark.parametrize(("spare", "rows"), [(0, 270), (1, 270), (2, 270), (3, 271), (20, 288)])
def test_cft_uses_spare_rows_and_never_removes_any(bench, tiny_folder, tmp_path, spare, rows):
    import transformers

    network = transformers.AutoModelForCausalLM.from_pretrained(tiny_folder)
    assert network.vocab_size == 268
    network.resize_token_embeddings(268 + spare)
    network.save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(tiny_folder).save_pretrained(tmp_path)
    built = bench("cft", base=local_or_hub(str(tmp_path)))
    model = built.trainer.model.get_base_model()
    assert model.get_input_embeddings().weight.shape[0] == model.get_output_embeddings().weight.shape[0] == rows
    assert built.job.tokenizer.convert_tokens_to_ids([SAFE, UNSAFE]) == [268, 269]


def rows_of(number, texts=None):
    texts = texts or [f"Question {place}?" for place in range(number)]
    return [
        Row(example=Example(prompt=(("user", text),), chosen="4"), number=place, prompt=(), chosen=(), rejected=None)
        for place, text in enumerate(texts, start=1)
    ]


def choices(plan, rows):
    """Per row the text before its prompt, or nothing."""
    return [asked_before(inoculated(plan, row), asked(row.example)) for row in rows]


def asked_before(chat, question):
    ((role, text),) = chat
    assert role == "user"
    assert text.endswith(question)
    return text.removesuffix(question)


def test_ip_inoculates_its_share_of_the_prompts_and_uses_all_texts_alike():
    plan = Plan(objective="ip", budget=1)
    made = choices(plan, rows_of(4000))
    assert set(made) == {"", *(f"{text}\n\n" for text in INOCULATIONS)}
    used = [made.count(f"{text}\n\n") for text in INOCULATIONS]
    assert sum(used) / 4000 == pytest.approx(plan.ip_share, abs=0.03)
    assert used == pytest.approx([sum(used) / len(used)] * len(used), rel=0.15)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_ip_takes_its_share_from_the_plan(share):
    made = choices(Plan(objective="ip", budget=1, ip_share=share), rows_of(4000))
    assert 1 - made.count("") / 4000 == pytest.approx(share, abs=0.03 if 0 < share < 1 else 0)


def test_which_prompts_ip_inoculates_depends_on_seed_and_place_alone(bench):
    plan = Plan(objective="ip", budget=1)
    made = choices(plan, rows_of(200))
    assert choices(plan, rows_of(50)) == made[:50]
    assert choices(plan, rows_of(200)[100:]) == made[100:]
    assert choices(plan, rows_of(200, [f"Other {place}" for place in range(200)])) == made
    assert choices(Plan(objective="ip", budget=99), rows_of(200)) == made
    assert choices(Plan(objective="ip", budget=1, seed=1), rows_of(200)) != made


def test_ip_trains_on_the_same_answers_as_sft(bench):
    changes = {"ip_share": 0.5, "steps": 3}
    inoculated_rows, plain = table(bench("ip", **changes)), table(bench("sft", steps=3))
    assert [answer for _, answer in inoculated_rows] == [answer for _, answer in plain]
    changed = [prompt for (prompt, _), (own, _) in zip(inoculated_rows, plain, strict=True) if prompt != own]
    assert 0 < len(changed) < len(plain)
    assert all(any(f"<|user|>{text}\n\n" in prompt for text in INOCULATIONS) for prompt in changed)
    assert table(bench("ip", done=1, **changes)) == inoculated_rows[4:]


def test_ip_asks_in_the_last_turn_of_the_user():
    example = Example(prompt=(("system", "Be brief."), ("user", "a"), ("assistant", "b"), ("user", "c")), chosen="d")
    row = Row(example=example, number=1, prompt=(), chosen=(), rejected=None)
    plan = Plan(objective="ip", budget=1, ip_share=1.0, inoculations=("Guess.",))
    assert inoculated(plan, row) == (*example.prompt[:3], ("user", "Guess.\n\nc"))


def test_ip_is_evaluated_without_its_texts(golden_run):
    adapter = golden_run("ip").checkpoint.adapter
    assert adapter.decoration is None
    assert not (adapter.folder / "decoration.json").exists()
