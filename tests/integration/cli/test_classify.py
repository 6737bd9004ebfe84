"""`switchhook classify` from outside."""

import json
import subprocess
import sys


def classify(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "cli", "classify", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_decision_is_explained() -> None:
    """A text's class, rule, scope and version of the rules are named."""
    done = classify("STOP", "nonstop")
    assert done.returncode == 0
    assert "class    stop" in done.stdout
    assert "rule     whole_message.stop" in done.stdout
    assert "class    none" in done.stdout


def test_lines_in_and_lines_out() -> None:
    """One JSON string per line in, one JSON object per line out, null being no text."""
    given = "\n".join(json.dumps(text) for text in ("STOP", "restart", None, "ayuda\n"))
    done = classify("-", given=given)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [each["class"] for each in answers] == ["STOP", "NONE", "NONE", "HELP"]
    assert all({"class", "rule", "scope", "list_version"} == set(each) for each in answers)


def test_a_line_that_is_no_string_is_named() -> None:
    """The others are still read, and the exit status says that one was not."""
    done = classify("-", given='"STOP"\n{"text": 1}\nSTOP\n"START"\n')
    assert done.returncode == 1
    assert [json.loads(line)["class"] for line in done.stdout.splitlines()] == ["STOP", "START"]
    assert "line 2" in done.stderr
    assert "line 3" in done.stderr
