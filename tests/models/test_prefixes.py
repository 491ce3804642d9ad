"""The prefix tree and the passes over it: complete, each token once, within their bounds, whatever the order."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_persona.models.batching import plan_passes
from pytest_persona.models.prefixes import READ_BEFORE, Node, children_of, prefix_tree

few_ids = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=12), max_size=25)
thresholds = st.integers(1, 20)


@st.composite
def questionnaires(draw):
    """Prompts of nested choices, level after level: much to keep at once, and some end early."""
    levels = draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9)), min_size=1, max_size=4))
    prompts = [[]]
    for variants, length in levels:
        longer = [[*prompt, variant, *[9] * (length - 1)] for prompt in prompts for variant in range(variants)]
        prompts = longer + draw(st.lists(st.sampled_from(longer), max_size=3))
        if draw(st.booleans()):
            prompts += [prompt[:-1] for prompt in longer[:2] if len(prompt) > 1]
        prompts = prompts[:60]
    return prompts


budgets = st.integers(1, 60)
prompts_of = few_ids | questionnaires()


def path(nodes, place):
    """The tokens from the beginning of a prompt to the end of a node."""
    tokens = ()
    while place is not None:
        tokens = nodes[place].segment + tokens
        place = nodes[place].parent
    return tokens


def said(nodes):
    """What each prompt is, according to the tree."""
    return sorted(
        (index, cut(path(nodes, place), after)) for place, node in enumerate(nodes) for index, after in node.ends
    )


def cut(tokens, after):
    return tokens[: len(tokens) - after]


@given(prompts_of, thresholds)
def test_every_prompt_is_the_segments_on_its_path_and_ends_once(prompts, threshold):
    nodes = prefix_tree(prompts, threshold)
    assert said(nodes) == [(index, tuple(prompt)) for index, prompt in enumerate(prompts)]


def test_a_tree_with_a_wrong_segment_would_be_noticed():
    nodes = prefix_tree([[1, 2, 3], [1, 2, 4]], 1)
    wrong = (nodes[0], Node(segment=(9,), parent=0, ends=nodes[1].ends), *nodes[2:])
    assert said(wrong) != said(nodes)


@given(prompts_of, thresholds)
def test_parents_come_first_and_no_segment_is_empty(prompts, threshold):
    for place, node in enumerate(prefix_tree(prompts, threshold)):
        assert node.parent is None or node.parent < place
        assert node.segment


@given(prompts_of, thresholds)
def test_there_are_never_more_tokens_than_in_the_prompts(prompts, threshold):
    assert tokens(prefix_tree(prompts, threshold)) <= sum(len(prompt) for prompt in prompts)


@given(prompts_of)
def test_at_threshold_one_each_different_prefix_is_one_token(prompts):
    prefixes = {tuple(prompt[:end]) for prompt in prompts for end in range(1, len(prompt) + 1)}
    assert tokens(prefix_tree(prompts, 1)) == len(prefixes)


@given(prompts_of, thresholds, st.randoms(use_true_random=False))
def test_the_order_of_prompts_changes_their_numbers_only(prompts, threshold, chance):
    order = list(range(len(prompts)))
    chance.shuffle(order)
    there, here = prefix_tree([prompts[index] for index in order], threshold), prefix_tree(prompts, threshold)
    assert [(node.segment, node.parent) for node in there] == [(node.segment, node.parent) for node in here]
    ends = [sorted((order[index], after) for index, after in node.ends) for node in there]
    assert ends == [sorted(node.ends) for node in here]


@given(prompts_of, thresholds)
def test_what_is_split_off_saves_as_much_as_the_threshold(prompts, threshold):
    nodes = prefix_tree(prompts, threshold)
    below = children_of(nodes)
    for place, node in enumerate(nodes):
        if place in below:
            repeats = len(below[place]) + any(after == 0 for _, after in node.ends)
            assert len(node.segment) * (repeats - 1) >= threshold


@given(prompts_of, thresholds)
def test_ends_are_read_a_few_tokens_early_at_most(prompts, threshold):
    for node in prefix_tree(prompts, threshold):
        for _, after in node.ends:
            assert 0 <= after <= min(READ_BEFORE, len(node.segment) - 1)


@pytest.mark.parametrize(("threshold", "count"), [(6, 4), (7, 3)])
def test_the_threshold_is_the_tokens_saved(threshold, count):
    prompts = [[1, 1, 1, 5], [1, 1, 1, 6], [1, 1, 1, 7]]  # three tokens, two of three times saved
    assert len(prefix_tree(prompts, threshold)) == count


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ([], []),
        ([[1, 2]], [((1, 2), None, [(0, 0)])]),
        ([[1, 2], [1, 2]], [((1, 2), None, [(0, 0), (1, 0)])]),
        ([[1, 2, 3], [1, 2], [1]], [((1, 2, 3), None, [(0, 0), (1, 1), (2, 2)])]),
        ([[1, *[2] * 9], [1]], [((1,), None, [(1, 0)]), ((2,) * 9, 0, [(0, 0)])]),
        (
            [[1], [1, 2], [1, 2, *[3] * 9], [1, 2, *[4] * 9]],
            [((1, 2), None, [(0, 1), (1, 0)]), ((3,) * 9, 0, [(2, 0)]), ((4,) * 9, 0, [(3, 0)])],
        ),
        ([[2], [1]], [((1,), None, [(1, 0)]), ((2,), None, [(0, 0)])]),
        (
            [[1, 2, 3, 4], [1, 2, 3, 5], [1, 9]],
            [((1,), None, []), ((2, 3), 0, []), ((4,), 1, [(0, 0)]), ((5,), 1, [(1, 0)]), ((9,), 0, [(2, 0)])],
        ),
    ],
    ids=[
        "none",
        "one",
        "same",
        "begins another",
        "begins a much longer one",
        "begins a shared one",
        "nothing in common",
        "two levels",
    ],
)
def test_edge_cases(prompts, expected):
    assert [(node.segment, node.parent, sorted(node.ends)) for node in prefix_tree(prompts, 1)] == expected


def test_a_prompt_whose_segment_goes_to_its_children_is_read_from_the_nearest_of_them():
    nodes = prefix_tree([[1], [1, 2, 2], [1, 3]], 10)
    assert [(node.segment, node.parent, sorted(node.ends)) for node in nodes] == [
        ((1, 2, 2), None, [(1, 0)]),
        ((1, 3), None, [(0, 1), (2, 0)]),
    ]


def test_or_is_a_node_of_its_own_if_all_of_them_are_much_longer():
    nodes = prefix_tree([[1], [1, *[2] * 9], [1, *[3] * 9]], 10)
    assert [(node.segment, node.parent, node.ends) for node in nodes] == [
        ((1,), None, ((0, 0),)),
        ((1, *[2] * 9), None, ((1, 0),)),
        ((1, *[3] * 9), None, ((2, 0),)),
    ]


def test_deep_trees_need_no_recursion():
    chain = [[1] * length for length in range(1, 15000, 10)]
    nodes = prefix_tree(chain, 1)
    assert len(nodes) == len(chain)
    assert sum(len(one.rows) for one in plan_passes(nodes, 40000)) == len(chain)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="prompt 1 has no tokens"):
        prefix_tree([[1], []], 1)
    with pytest.raises(ValueError, match="1 or more, got 0"):
        prefix_tree([[1]], 0)


def tokens(nodes):
    return sum(len(node.segment) for node in nodes)


def follow(passes):
    """Each row's tokens from its beginning, put together as the passes say, and what was kept while each ran."""
    kept, rows, held = [], [], []
    for one in passes:
        del kept[len(one.past) :]
        held.append(sum(len(pass_.rows) * pass_.new for pass_, _ in kept))
        own = []
        for row in one.rows:
            assert [len(kept[level][0].rows[number].segment) for level, (number, _) in enumerate(row.past)] == [
                length for _, length in row.past
            ]
            number = row.past[-1][0] if row.past else None
            own.append((() if number is None else kept[-1][1][number]) + row.segment)
            rows.append((row.node, own[-1]))
        if one.keep:
            kept.append((one, own))
            held.append(sum(len(pass_.rows) * pass_.new for pass_, _ in kept))
    return rows, held


@given(prompts_of, thresholds, budgets)
def test_passes_compute_every_prompt_once(prompts, threshold, budget):
    nodes = prefix_tree(prompts, threshold)
    rows, _ = follow(plan_passes(nodes, budget))
    found = sorted((index, cut(whole, after)) for node, whole in rows for index, after in nodes[node].ends)
    assert found == [(index, tuple(prompt)) for index, prompt in enumerate(prompts)]
    assert len({node for node, _ in rows}) == len(rows)


@given(prompts_of, thresholds)
def test_with_a_large_budget_passes_compute_every_token_of_the_tree_once(prompts, threshold):
    nodes = prefix_tree(prompts, threshold)
    passes = list(plan_passes(nodes, 10**6))
    assert sum(len(row.segment) for one in passes for row in one.rows) == tokens(nodes)


@given(prompts_of, thresholds, budgets)
def test_passes_and_what_is_kept_stay_within_the_budget(prompts, threshold, budget):
    passes = list(plan_passes(prefix_tree(prompts, threshold), budget))
    longest = max((len(prompt) for prompt in prompts), default=0)
    for one in passes:
        assert len(one.rows) * one.width <= budget or (len(one.rows) == 1 and one.width <= longest)
    _, held = follow(passes)
    assert max(held, default=0) <= max(budget, longest)


def test_what_finds_no_room_is_repeated_below_and_scored_where_it_ends():
    """Budget 48: the three heads take 8 tokens each, so 24 are left, and the segments after them have 25."""
    tails = ([], [3] * 9, [4] * 9)
    prompts = [[head] * 8 + [second] * 25 + tail for head in (1, 2, 3) for second in (5, 6) for tail in tails]
    nodes = prefix_tree(prompts, 1)
    passes = list(plan_passes(nodes, 48))
    assert [one.keep for one in passes].count(True) == 1
    assert tokens(nodes) == 3 * 8 + 6 * (25 + 9 + 9)
    assert sum(len(row.segment) for one in passes for row in one.rows) == 3 * 8 + 6 * (25 + 34 + 34)
    rows, held = follow(passes)
    assert max(held) == 24
    assert sorted(index for node, _ in rows for index, _ in nodes[node].ends) == list(range(len(prompts)))


def test_each_kept_pass_leaves_half_to_those_after_it():
    prompts = [[0] * 4 + [1 + p] * 8 + [30 + i] * 8 + [50 + j] for p in range(20) for i in range(9) for j in range(9)]
    passes = [one for one in plan_passes(prefix_tree(prompts, 1), 400) if one.keep]
    room = 400
    for level in range(3):
        taken = max(len(one.rows) * one.new for one in passes if len(one.past) == level)
        assert taken <= room // 2
        room -= taken
    assert sum(len(row.segment) for one in passes for row in one.rows) == 4 + 20 * 8 + 20 * 9 * 8  # none repeated


def test_what_is_kept_does_not_grow_with_the_prompts():
    def most(personas, items):
        prompts = [[0] * 9 + [1, p] * 5 + [2, i] * 8 for p in range(personas) for i in range(items)]
        passes = list(plan_passes(prefix_tree(prompts, 16), 256))
        return max(follow(passes)[1]), max(len(one.rows) * one.width for one in passes)

    assert [kept <= 256 and padded <= 256 for kept, padded in (most(5, 5), most(20, 20), most(60, 40))] == [True] * 3
    everything = 9 + 60 * 10
    assert most(60, 1)[0] < everything  # or the bound would say nothing


@given(prompts_of, thresholds, budgets)
def test_the_plan_does_not_depend_on_the_order(prompts, threshold, budget):
    shuffled = random.Random(0).sample(prompts, len(prompts))
    assert list(plan_passes(prefix_tree(prompts, threshold), budget)) == list(
        plan_passes(prefix_tree(shuffled, threshold), budget)
    )
