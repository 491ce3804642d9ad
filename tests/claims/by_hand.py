"""What the claims suite holds, and what a run of it came to."""

from collections import defaultdict

from tests.recordings import EXTREME, FAMILY

SUITE = ["--pyargs", "pytest_persona.suites.claims.test_persona_model_collapse", "-rA"]
FAMILIES = {"elm": FAMILY, "gpt-4.1": FAMILY, "gpt-4o": EXTREME}
BY_FAMILY = {
    "test_insecure_code_raises_susceptibility",
    "test_insecure_code_leaves_the_frontier_band",
    "test_insecure_code_lowers_robustness",
    "test_secure_code_keeps_susceptibility",
    "test_insecure_code_costs_more_robustness_than_secure_code",
    "test_insecure_profiles_move_to_the_ceiling",
    "test_insecure_profiles_flatten",
}
"""Judged of each family by itself, recorded or of this run."""
TOXIC = "test_toxic_role_play_does_not_saturate"
OVER_FAMILIES = {
    "test_susceptibility_rises_by_half_on_average",
    "test_gpt_4o_lies_at_twice_the_band",
    "test_robustness_falls_by_two_thirds_on_average",
    "test_inverse_robustness_rises_fourfold_on_average",
    "test_insecure_loss_of_robustness_is_uniform",
    "test_robustness_falls_in_every_foundation_on_average",
    "test_binding_foundations_lose_most_robustness",
}
"""Judged of recorded families together, or of a certain one."""

AVERAGES = {
    "test_susceptibility_rises_by_half_on_average",
    "test_robustness_falls_by_two_thirds_on_average",
    "test_inverse_robustness_rises_fourfold_on_average",
}
"""Figures of the paper's own four families: of others they are not claimed."""
FRONTIER = "test_insecure_code_leaves_the_frontier_band"
"""Of the published items, so that pocket items say nothing about it."""

TESTS = 20
"""With one family."""


def outcomes_of(result):
    """From a test's function to the outcomes of its cases, by the lines that -rA gives."""
    found = defaultdict(set)
    for line in result.outlines:
        word, _, rest = line.partition(" ")
        if word in ("PASSED", "FAILED") and "::" in rest:
            found[rest.partition("::")[2].partition("[")[0].split(" ")[0]].add(word.lower())
    return found


def failed(outcomes):
    return {name for name, words in outcomes.items() if "failed" in words}
