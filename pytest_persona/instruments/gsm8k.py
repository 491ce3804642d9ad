"""GSM8K, the published word problems."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_persona.errors import InstrumentError
from pytest_persona.instruments.arithmetic import WordProblem, final_answer, problem_id
from pytest_persona.instruments.jsonl import read_jsonl
from pytest_persona.instruments.official import PUBLISHED, check_published, published_file


def gsm8k(split: str, data: Path | None = None) -> tuple[WordProblem, ...]:
    """All problems of one split, their calculator annotations (`<<…>>`) removed.

    Args:
        split: `train` or `test`.
        data: Folder with the published files; None downloads them.

    Raises:
        InstrumentError: missing or damaged file, not the published one, or a solution without a final number.
    """
    published = PUBLISHED[f"gsm8k/{split}.jsonl"]
    path = published_file(published.path, data)
    problems = []
    for number, record in read_jsonl(path, ("question", "answer")):
        solution = re.sub(r"<<[^>]*>>", "", record["answer"])
        answer = final_answer(solution)
        if "####" not in solution or not isinstance(answer, int):
            raise InstrumentError(f"{path}, line {number}: the solution does not end in '#### N'")
        steps = solution.rsplit("####", 1)[0].rstrip()
        problems.append(
            WordProblem(
                id=problem_id(record["question"]),
                question=record["question"],
                solution=f"{steps}\n#### {answer}",
                answer=answer,
            )
        )
    check_published(path, published)
    return tuple(problems)
