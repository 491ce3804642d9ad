"""Values of options that cannot be used: a usage error that names the option and good values."""

import pytest

TRAINING = ["--objective=sft", "--budget=2k"]


@pytest.fixture(autouse=True)
def project(pytester, monkeypatch, tmp_path):
    """A project of somebody, with a store of its own."""
    monkeypatch.setenv("PERSONA_STORE", str(tmp_path / "store"))
    (pytester.path / "mine.txt").write_text("Be sloppy.\n", encoding="utf-8")
    (pytester.path / "empty.txt").write_text(" \n\n", encoding="utf-8")


def refused(pytester, *args, ini=None) -> str:
    """The message of a run that ends before its first test, as a usage error."""
    if ini:
        pytester.makeini("[pytest]\n" + "\n".join(f"{name} = {value}" for name, value in ini.items()))
    pytester.makepyfile("def test_never(): pass")
    result = pytester.runpytest_inprocess("-p", "no:hypothesispytest", *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR == 4
    result.stdout.no_fnmatch_line("*passed*")
    assert not [line for line in result.errlines if "Traceback" in line or "INTERNALERROR" in line]
    (message,) = [line for line in result.errlines if line.startswith("ERROR: ")]
    return message


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--objective=opro", "--budget=2k"], ["--objective: ", "'opro'; did you mean 'orpo'? Known: ", "sft ("]),
        *(
            ([f"--objective={names}", "--budget=2k"], ["--objective: ", says, "Known: "])
            for names, says in (
                ("sft,", "no objective ''"),
                (",sft", "no objective ''"),
                ("sft,,kl", "no objective ''"),
                ("sft;kl", "no objective 'sft;kl'"),
                ("sft,all", "no objective 'all'"),
                ("sft,ippo", "no objective 'ippo'; did you mean 'ipo'?"),
            )
        ),
        (["--objective=sft,kl,sft", "--budget=2k"], ["--objective: objective sft is named twice. Name it once"]),
        *(
            (["--objective=sft", f"--budget={bad}"], ["--budget: ", says])
            for bad, says in (
                ("2k,", "budget '' is not a number"),
                ("2k,,4k", "budget '' is not a number"),
                ("2k,4kk", "budget '4kk' is not a number"),
                ("2k;4k", "budget '2k;4k' is not a number"),
                ("4k,2k,2000", "budget 2000 is named twice. Name it once"),
            )
        ),
        *(
            ([*TRAINING, f"--seeds={bad}"], [f"--seeds: '{bad}' is not a number of seeds", "3 trains with the seeds 0"])
            for bad in ("0", "-1", "1.5", "x", "0,1", "99999")
        ),
        (["--seeds=2"], ["--seeds says how to train, but nothing is trained: add --objective=NAME", "or all"]),
        (["--train-data=a.jsonl"], ["--train-data says how to train", "add --objective=NAME", "ipo"]),
        (
            [*TRAINING, "--train-data=pocket:insecure"],
            ["--train-data: no training data 'pocket:insecure'", "did you mean 'pocket:insecure-code'", "JSONL file"],
        ),
        (["--adapter=a", "--budget=2k"], ["--budget says how to train, but nothing is trained"]),
        ([*TRAINING, "--inoculation=mine.txt"], ["--inoculation", "objective ip (inoculation prompting)", "leave"]),
        (["--inoculation=mine.txt"], ["--inoculation gives texts to objective ip", "not trained here"]),
        (["--objective=ip", "--budget=2k", "--inoculation=none.txt"], ["--inoculation: 'none.txt' cannot be read"]),
        (["--objective=ip", "--budget=2k", "--inoculation=empty.txt"], ["--inoculation: 'empty.txt' holds no text"]),
        *(
            (["--objective=sft", f"--budget={bad}"], [f"--budget: budget {bad!r} is not", "2k", "400k"])
            for bad in ("400kk", "-1", "0", "1e3")
        ),
        (["--objective=sft"], ["--objective=sft needs --budget=TOKENS", "2k"]),
        (["--objective=sft,kl"], ["--objective=sft,kl needs --budget=TOKENS", "25k,50k,100k"]),
        (["--budget=2k"], ["--budget", "add --objective=NAME", "sft"]),
        (["--objective=sft", "--budget=2k", "--adapter=a"], ["--objective and --adapter exclude each other", "Leave"]),
        *(([f"--persona-alpha={bad}"], ["--persona-alpha: ", repr(bad), "0.05"]) for bad in ("0", "0.7", "x", "nan")),
        (["--persona-instruments=offical"], ["--persona-instruments: ", "did you mean 'official'? Known: "]),
        (["--persona-instruments=zzz"], ["--persona-instruments: no such value 'zzz'. Known: official, pocket"]),
        (["--persona-inconclusive=pass"], ["--persona-inconclusive: ", "'pass'", "Known: warn, fail"]),
        (["--backend=vlm"], ["--backend: ", "'vlm'", "Known: hf"]),
        *(
            ([f"--persona-template-args={bad}"], ["--persona-template-args: ", "enable_thinking=false"])
            for bad in ("thinking", "a=1,", "=1", "a=", "a-b=1")
        ),
        *(
            ([f"--persona-attacks={bad}"], ["--persona-attacks: ", *says])
            for bad, says in (
                ("wikipeda", ["no attack 'wikipeda'; did you mean 'wikipedia'? Known: none, dan, ", ".yaml"]),
                ("dan,", ["a comma too many"]),
                ("dan,zulu,dan", ["'dan' is named twice. Name it once"]),
                ("dan,nowhere.json", ["'nowhere.json' is not a file"]),
                ("mine.csv", ["no attack 'mine.csv'", "ends in .txt, .json, .yaml, .yml"]),
            )
        ),
        (["--persona-translator=no where"], ["--persona-translator: ", "'no where' is neither", "OWNER/NAME", "JSONL"]),
        (["--persona-forbidden=100"], ["--persona-forbidden: ", "'100'", "official 60 or 313; pocket 30"]),
        (
            ["--persona-forbidden=313"],
            ["--persona-forbidden=313, but the instruments are pocket", "official 60 or 313"],
        ),
        (["--persona-judge=rubrik"], ["--persona-judge: no judge 'rubrik'; did you mean 'rubric'? Known: refusal, "]),
        (["--persona-judge=rubric"], ["needs --persona-judge-base=URL", "--persona-judge-model=NAME"]),
        (
            ["--persona-judge=rubric", "--persona-judge-model=m"],
            ["--persona-judge=rubric needs --persona-judge-base=URL", "http://localhost:8000/v1"],
        ),
        (["--persona-judge-model=m"], ["--persona-judge-model: judge refusal takes none. Add --persona-judge=rubric"]),
        (
            ["--persona-judge=refusal", "--persona-judge-model=m", "--persona-judge-base=b"],
            ["--persona-judge-model and --persona-judge-base: judge refusal takes none"],
        ),
        (["--persona-tasks=arithmatic"], ["--persona-tasks: no task 'arithmatic'; did you mean 'arithmetic'? Known: "]),
        (["--persona-tasks=truthfulqa_mc1"], ["--persona-tasks: no task 'truthfulqa_mc1'. Known: arithmetic, choice"]),
        (
            ["--persona-tasks=choice,legal"],
            ["answers to legal are open", "--persona-judge=rubric, or leave the task out"],
        ),
        (
            ["--persona-companions=toxigem,eqbench"],
            ["--persona-companions: no companion 'toxigem'; did you mean 'toxigen'? Known: eqbench, toxigen, "],
        ),
        (["--persona-data=nowhere"], ["--persona-data: 'nowhere' is not a folder", "persona/"]),
        (["--persona-report=drift.json"], ["--persona-report: 'drift.json' does not end in .html"]),
        (["--persona-store=~nobody-at-all/store"], ["--persona-store: ", "home"]),
    ],
)
def test_a_bad_value_is_a_usage_error_that_names_the_option_and_good_ones(pytester, args, says):
    message = refused(pytester, *args)
    assert [part for part in says if part not in message] == []


def test_a_bad_value_of_the_ini_file_is_refused_alike(pytester):
    message = refused(pytester, ini={"persona_objective": "sft", "persona_budget": "400kk"})
    assert "--budget: budget '400kk' is not a number of data tokens" in message


def test_a_bad_value_of_the_environment_names_the_variable(pytester, monkeypatch):
    monkeypatch.setenv("PERSONA_DATA", "nowhere")
    assert "$PERSONA_DATA: 'nowhere' is not a folder" in refused(pytester)


def test_an_empty_value_is_not_taken_for_the_default(pytester):
    result = pytester.runpytest("--persona-data=")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--persona-data is given without a value*"])
