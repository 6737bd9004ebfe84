#!/usr/bin/env python3
"""Set up, run and prove Switchhook with nothing but Python 3.11 or newer.

    python3 dev.py up       set up, start everything, play the welcome scenario, keep running
    python3 dev.py demo     play the scenario headless; exit 0 only if every effect was seen
    python3 dev.py test     set up and pass the tests (arguments go to pytest)

    python3 dev.py lint     ruff, mypy, buf lint and breaking, import contracts
    python3 dev.py format   rewrite the code and the protos in the house style
    python3 dev.py gen      generate the Python code of the protos
    python3 dev.py faults   the long fault suite: ten kill -9 of each process under load
    python3 dev.py lock     resolve the requirements again, with hashes
    python3 dev.py baseline take today's protos as the contract that must not break
    python3 dev.py run ...  any other switchhook command, such as: run decode event.json

Everything is installed into .venv from the hash-locked files in requirements/; the S3 server that
some tests need has an environment of its own, .venv-s3.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
_SCRIPTS = "Scripts" if os.name == "nt" else "bin"
BIN = VENV / _SCRIPTS
PYTHON = BIN / "python"
VENV_S3 = ROOT / ".venv-s3"
REQUIREMENTS = ROOT / "requirements"
# Many tests wait for processes of their own: one worker more than cores keeps two cores busy.
_WORKERS = str(min((os.cpu_count() or 1) + 1, 4))
_PARALLEL = ("-n", _WORKERS, "--dist", "loadfile", "--durations", "10")
_OURS = ("--path", "protos/switchhook")
TYPED = [
    "carrier",
    "chassis",
    "cli",
    "services",
    "simulator",
    "tests",
    "dev.py",
    "protos/generate.py",
]


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is where an older Python is told
        return _fail(f"Switchhook needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(__doc__)
        return 0
    command, *rest = arguments
    if command in {"up", "demo"}:
        return _replace(set_up("up"), "-m", "cli", command, *rest)
    if command == "run":
        return _replace(set_up("up"), "-m", "cli", *rest)
    tools = {
        "test": test,
        "lint": lint,
        "format": format_all,
        "gen": generate,
        "faults": faults,
        "lock": lock,
        "baseline": baseline,
    }
    if command not in tools:
        return _fail(f"no command named {command!r}; python3 dev.py --help lists them")
    return tools[command](rest)


def set_up(group: str) -> Path:
    """Make .venv hold what `group` needs, doing only what changed, and return its Python."""
    started = time.monotonic()
    changed = _install(group)
    changed |= _generate_if_changed()
    changed |= _install_project()
    if changed:
        print(f"set up in {time.monotonic() - started:.1f} s", file=sys.stderr)
    return PYTHON


def _install(group: str) -> bool:
    # dev holds all of up: whoever has dev needs nothing more for up.
    if any(_stamp(name).exists() and _fresh(name) for name in {group, "dev"}):
        return False
    if not PYTHON.exists():
        _say("creating .venv")
        _run(sys.executable, "-m", "venv", str(VENV))
    pip = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    _say("installing hash-locked requirements")
    _run(*pip, "--require-hashes", "-r", str(REQUIREMENTS / "uv.txt"))
    _uv("--require-hashes", "--compile-bytecode", "-r", str(REQUIREMENTS / f"{group}.txt"))
    _stamp(group).write_text(_digest(REQUIREMENTS / f"{group}.txt"))
    return True


def _generate_if_changed() -> bool:
    sources = sorted((ROOT / "protos/switchhook").rglob("*.proto"))
    digest = _digest(*sources, ROOT / "protos/generate.py", ROOT / "protos/validate_source.py")
    stamp = _stamp("protos")
    if stamp.exists() and stamp.read_text() == digest and (ROOT / "protos/gen").exists():
        return False
    _say("generating the protos")
    _run(str(PYTHON), str(ROOT / "protos/generate.py"))
    stamp.write_text(digest)
    return True


def _install_project() -> bool:
    digest = _digest(ROOT / "pyproject.toml", ROOT / "protos/pyproject.toml")
    stamp = _stamp("project")
    if stamp.exists() and stamp.read_text() == digest:
        return False
    _uv("--no-deps", "--no-build-isolation", "-e", str(ROOT / "protos"), "-e", str(ROOT))
    stamp.write_text(digest)
    return True


def test(arguments: Sequence[str]) -> int:
    """Pass the tests; arguments go to pytest, and without any the whole suite uses every core."""
    set_up("dev")
    _set_up_s3()
    return _call("-m", "pytest", *(arguments or _PARALLEL))


def _set_up_s3() -> None:
    """Make .venv-s3 hold the S3 server of the tests, apart from what is tested on it."""
    lock, stamp = REQUIREMENTS / "s3.txt", VENV_S3 / ".switchhook-s3"
    if stamp.exists() and stamp.read_text() == _digest(lock):
        return
    _say("installing the S3 server of the tests")
    _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV_S3))
    _uv("--require-hashes", "-r", str(lock), python=VENV_S3 / _SCRIPTS / "python")
    stamp.write_text(_digest(lock))


def faults(arguments: Sequence[str]) -> int:
    """Run the long fault suite, which `test` runs in its short form."""
    set_up("dev")
    os.environ["SWITCHHOOK_FAULTS"] = "long"
    return _call("-m", "pytest", "tests/faults", "--timeout=1800", *arguments)


def lint(arguments: Sequence[str]) -> int:
    """Run every static check; all run, so that one call shows all faults."""
    del arguments
    set_up("dev")
    failed = [
        name
        for name, status in (
            ("ruff check", _tool("ruff", "check", ".")),
            ("ruff format", _tool("ruff", "format", "--check", "-q", ".")),
            ("mypy", _tool("mypy", *[name for name in TYPED if (ROOT / name).exists()])),
            ("import contracts", _tool("lint-imports", "--no-cache")),
            ("buf lint", _tool("buf", "lint")),
            ("buf format", _format_protos("--diff", "--exit-code")),
            ("buf breaking", _breaking()),
        )
        if status
    ]
    print(f"lint: {', '.join(failed)} failed" if failed else "lint: all checks passed")
    return 1 if failed else 0


def format_all(arguments: Sequence[str]) -> int:
    """Rewrite the code and the protos in the house style."""
    del arguments
    set_up("dev")
    status = _tool("ruff", "check", "--fix", "-q", ".") | _tool("ruff", "format", "-q", ".")
    return status | _format_protos("-w")


def _format_protos(*arguments: str) -> int:
    return _tool("buf", "format", "protos", *_OURS, *arguments)


def generate(arguments: Sequence[str]) -> int:
    """Generate the Python code of the protos."""
    del arguments
    set_up("up")
    return 0


def lock(arguments: Sequence[str]) -> int:
    """Resolve the requirements again; the files hold hashes and no addresses."""
    set_up("up")
    project = "pyproject.toml"
    status = _compile("dev", project, "--group", "dev", *arguments)
    status = status or _compile(
        "up", project, "--group", "up", "--constraint", "requirements/dev.txt"
    )
    # The group alone: what serves S3 shares nothing with what is tested on it.
    return status or _compile("s3", "--group", f"{project}:s3", *arguments)


def _compile(name: str, *arguments: str) -> int:
    return _tool(
        *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
        *("--generate-hashes", "--no-emit-index-url", "--no-annotate"),
        *("--no-emit-package", "switchhook", "--no-emit-package", "switchhook-protos"),
        *("--custom-compile-command", "python3 dev.py lock"),
        *(*arguments, "--output-file", f"requirements/{name}.txt"),
    )


def baseline(arguments: Sequence[str]) -> int:
    """Take today's protos as the contract that must not break."""
    del arguments
    set_up("dev")
    # Our own files only: what they import is not kept in the repository.
    return _image("protos/baseline.binpb", "protos", *_OURS, "--exclude-imports")


def _breaking() -> int:
    """Compare the protos with the baseline, whose imports come from today's set-up."""
    now, then = str(VENV / "protos.binpb"), str(VENV / "baseline.binpb")
    status = _image(now, "protos", *_OURS)
    status = status or _call("protos/with_imports.py", "protos/baseline.binpb", now, then)
    return status or _tool("buf", "breaking", now, "--against", then, "--config", "buf.yaml")


def _image(target: str, *arguments: str) -> int:
    return _tool("buf", "build", *arguments, "--exclude-source-info", "-o", target)


def _fresh(group: str) -> bool:
    return _stamp(group).read_text() == _digest(REQUIREMENTS / f"{group}.txt")


def _stamp(name: str) -> Path:
    return VENV / f".switchhook-{name}"


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _uv(*arguments: str, python: Path = PYTHON) -> None:
    _run(str(BIN / "uv"), "pip", "install", "-q", "--python", str(python), *arguments)


def _tool(name: str, *arguments: str) -> int:
    return subprocess.run([str(BIN / name), *arguments], cwd=ROOT, check=False).returncode


def _call(*arguments: str) -> int:
    return subprocess.run([str(PYTHON), *arguments], cwd=ROOT, check=False).returncode


def _replace(python: Path, *arguments: str) -> int:
    """Become the command, so that a signal to dev.py reaches it and nothing is left behind."""
    os.chdir(ROOT)
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(str(python), [str(python), *arguments])
    return _call(*arguments)


def _run(*arguments: str) -> None:
    if subprocess.run(arguments, cwd=ROOT, check=False).returncode:
        sys.exit(_fail(f"failed: {' '.join(arguments)}"))


def _say(text: str) -> None:
    print(f"{text} ...", file=sys.stderr)


def _fail(text: str) -> int:
    print(f"dev.py: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
