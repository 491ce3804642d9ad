"""How checkpoints were made: the table, the curves, and whether all objectives saw the same."""

import re
from dataclasses import replace

import pytest

from pytest_persona.plan import OBJECTIVES, Plan
from pytest_persona.report.checkpoints import by_checkpoint
from pytest_persona.report.training import HEADINGS, figures, kl_chart, longest, loss_charts, order_says
from tests.report.by_hand import LOST, record
from tests.report.fleet import make_fleet, make_lost, manifest_of, untold
from tests.report.reading import Page

AGREE = "At equal budget and seed, all objectives saw the same examples in the same order."


def reordered(shown, *labels, order="f" * 64):
    """The same records, in which some checkpoints saw other examples."""

    def other(one):
        manifest = one.checkpoint["manifest"] | {"order_sha256": order}
        return replace(one, checkpoint=one.checkpoint | {"manifest": manifest})

    return [other(one) if one.checkpoint["label"] in labels else one for one in shown]


def test_a_row_says_how_its_checkpoint_was_made():
    manifest = manifest_of(Plan(objective="ipo", budget=2000), 4000) | {
        "data_tokens": 2016,
        "compute_tokens": 8064,
        "tokens_per_second": 139.6,
        "peak_memory_bytes": 1_610_612_736,
        "seconds": 1234.5,
        "first_loss": 2.75,
        "curve": [{"loss": 2.5, "kl_to_base": 0.1}, {"loss": 1.25, "kl_to_base": 0.12345}],
    }
    (tested,) = by_checkpoint([record(checkpoint={"label": "x", "adapter": "0" * 64, "manifest": manifest})])
    assert dict(zip(HEADINGS, figures(tested), strict=True)) == {
        "Budget (data tokens reached)": "2k (2,016)",
        "Seed": "0",
        "Examples": "24",
        "Steps": "6",
        "Compute tokens": "8,064",
        "Loss, first step → last interval": "2.750 → 1.250",
        "KL to base, nats a token": "0.1235",
        "Tokens per second": "140",
        "Peak memory, GiB": "1.50",
        "Training, s": "1,234",
    }


def test_the_table_has_a_row_a_checkpoint(fleet, page_of):
    page = page_of("fleet")
    (table,) = re.findall(r'<table class="runs">.*?</table>', page.source, flags=re.DOTALL)
    labels = list(dict.fromkeys(one.checkpoint["label"] for one in fleet))
    assert re.findall(r'<th scope="row">(.*?)</th>', table) == labels
    for each in by_checkpoint(fleet):
        assert "".join(f'<td class="number">{figure}</td>' for figure in figures(each)) in table
    assert page.source.count("<pre>") == len(labels)
    assert "Adapters on SmolLM2-135M-Instruct, trained on arithmetic." in page.text


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (lambda one: untold(one), "The adapter was trained elsewhere; nothing is known of its training."),
        (lambda one: [*one, *untold(one)], "Trained elsewhere, so that nothing is known of it: lora-of-friday."),
        (lambda one: [LOST], "No checkpoint was measured."),
        (lambda one: [make_lost()], "No checkpoint was measured."),
    ],
)
def test_what_is_not_known_is_said(shown, says):
    one = make_fleet(("sft",), (2000,), 1)
    assert says in Page(*shown(one)).text
    assert "elsewhere" not in Page(*one).text
    assert "No checkpoint" not in Page(*one).text


def test_equal_order_is_said_in_one_sentence(fleet, shapes, page_of):
    assert order_says(by_checkpoint(fleet)) == (True, (AGREE,))
    page = page_of("fleet")
    assert page.text.count(AGREE) == 1
    assert "alarm" not in page.source.split("</style>")[1]
    for shape in ("one objective", "one checkpoint", "seeds alone"):
        assert order_says(by_checkpoint(shapes[shape])) == (True, ())
        assert AGREE not in page_of(shape).text


def test_unequal_order_is_said_loudly(fleet):
    orders = {each.label: each.manifest["order_sha256"][:8] for each in by_checkpoint(fleet)}
    shown = reordered(fleet, "cft-4k-s1", "ip-4k-s1", "ip-2k-s0")
    page = Page(*shown)
    told = [
        f"2k, seed 0: order {orders['sft-2k-s0']}… for sft, dpo, ipo, orpo, kl, cft; order ffffffff… for ip",
        f"4k, seed 1: order {orders['sft-4k-s1']}… for sft, dpo, ipo, orpo, kl; order ffffffff… for cft, ip",
    ]
    assert order_says(by_checkpoint(shown)) == (False, tuple(told))
    assert [sentence for sentence in told if sentence not in page.texts["li"]] == []
    assert "Not comparable:" in page.source.split("</header>")[0]
    assert AGREE not in page.text


def test_orders_are_compared_within_budget_and_seed_alone():
    """Another seed has another order, and two rungs of a ladder differ in length."""
    shown = make_fleet(("sft", "ip"), (2000, 4000), 2)
    assert len({each.manifest["order_sha256"] for each in by_checkpoint(shown)}) == 4
    assert order_says(by_checkpoint(shown))[0]
    assert not order_says(by_checkpoint(reordered(shown, "ip-4k-s1")))[0]


def test_curves_are_those_of_whole_runs(fleet):
    made = by_checkpoint(fleet)
    runs = longest(made)
    assert [run.label for run in runs] == [f"{name}-4k-s{seed}" for name in OBJECTIVES for seed in (0, 1)]
    losses = loss_charts(made)
    assert [drawing.title.split(" ")[0] for drawing in losses] == list(OBJECTIVES)
    for name, drawing in zip(OBJECTIVES, losses, strict=True):
        assert drawing.svg.count('aria-roledescription="line mark"') == 2
        assert set(re.findall(r"var\(--(\w+)\)", drawing.svg)) == {"ink", "faint", name}
    drawn = kl_chart(made)
    assert drawn.count('aria-roledescription="line mark"') == len(runs)
    assert set(re.findall(r">([0-9]k)<", drawn)) >= {"2k", "4k"}


def test_kl_is_drawn_from_nothing():
    drawn = kl_chart(by_checkpoint(make_fleet(("sft",), (4000,), 1)))
    assert re.search(r">0\.0+<", drawn)


def test_a_seed_that_broke_early_keeps_its_own_longest_rung():
    shown = [one for one in make_fleet(("sft",), (2000, 4000), 2) if one.checkpoint["label"] != "sft-4k-s1"]
    assert [run.label for run in longest(by_checkpoint(shown))] == ["sft-4k-s0", "sft-2k-s1"]
