"""The lock files say what is installed, down to the bytes, and never from where."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

_LOCKED = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[0-9][0-9A-Za-z.+!]*)"
    r"(?: ; [^;:/]+?)?(?: --hash=sha256:[0-9a-f]{64})+"
)
"""A name, a version, a marker, hashes. There is no place for an address or an option in it."""

# Written apart, or this file would name them too.
_REGISTRIES = re.compile(
    rb"(?:pypi|python" + rb"hosted)\.org"
    rb"|(?:index|find|trusted)[-_](?:url|links|host)s?[ =:'\"]+[a-z]+://(?![^\s/]*example\.)"
    rb"|://[^\s/\"']*(?:registry|artifactory|nexus|devpi|goproxy)[^\s/\"']*",
    re.IGNORECASE,
)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_versions_and_hashes_alone(lock: Path) -> None:
    """Each requirement has a version and a hash, and nothing names a host or an address."""
    wrong = [line for line in _requirements(lock) if not _LOCKED.fullmatch(line)]
    assert wrong == []
    comments = [line for line in lock.read_text("utf-8").splitlines() if line.startswith("#")]
    assert not [line for line in comments if "://" in line]


@pytest.mark.parametrize(
    "line",
    [
        "thing==1.0",
        "thing>=1.0 --hash=sha256:" + "0" * 64,
        "thing @ https://example.com/thing.whl --hash=sha256:" + "0" * 64,
        "--index-url https://example.com/simple",
        "thing==1.0 --hash=md5:" + "0" * 32,
    ],
)
def test_anything_else_is_found(line: str) -> None:
    """The check of the lock files can fail."""
    assert not _LOCKED.fullmatch(line)


def test_what_runs_is_what_was_tested() -> None:
    """Every version of the smaller lock is that of the larger one."""
    tested, running = _versions("dev"), _versions("up")
    assert running
    assert running.items() <= tested.items()


def test_every_dependency_is_locked() -> None:
    """What the projects declare is in the lock they are installed from, at a version they accept.

    A marker may leave a dependency out on some machines; the lock holds it all the same.
    """
    ours = {"switchhook", "switchhook-protos"}
    for group, declared in _declared().items():
        versions = _versions(group)
        for requirement in declared:
            name = canonicalize_name(requirement.name)
            if name not in ours:
                assert requirement.specifier.contains(versions[name]), requirement


def test_no_tracked_file_names_a_registry() -> None:
    """Where packages come from is the machine's business: no file of the repository says it."""
    names = _tracked()
    named = [name for name in names if _REGISTRIES.search((ROOT / name).read_bytes())]
    assert len(names) > 100
    assert named == []


def test_a_registry_is_found() -> None:
    """The check of the tracked files can fail."""
    for line in (
        b"--index-url " + b"https://packages.invalid",
        b"see https://py" + b"pi.org/thing",
    ):
        assert _REGISTRIES.search(line)
    assert not _REGISTRIES.search(b"--no-emit-index-url")


def _requirements(lock: Path) -> Iterator[str]:
    joined = re.sub(r"\s*\\\n\s*", " ", lock.read_text("utf-8"))
    return (line for line in joined.splitlines() if line and not line.startswith("#"))


def _versions(group: str) -> dict[str, str]:
    lines = _requirements(ROOT / "requirements" / f"{group}.txt")
    found = [match for match in map(_LOCKED.fullmatch, lines) if match]
    return {match["name"]: match["version"] for match in found}


def _declared() -> dict[str, list[Requirement]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    protos = tomllib.loads((ROOT / "protos" / "pyproject.toml").read_text("utf-8"))
    always = project["project"]["dependencies"] + protos["project"]["dependencies"]
    always += project["build-system"]["requires"] + protos["build-system"]["requires"]
    groups = project["dependency-groups"]
    up = [item for item in groups["up"] if isinstance(item, str)]
    dev = [item for item in groups["dev"] if isinstance(item, str)]
    return {
        "up": [Requirement(line) for line in always + up],
        "dev": [Requirement(line) for line in always + up + dev],
        "s3": [Requirement(line) for line in groups["s3"]],
    }


def _tracked() -> list[str]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    names = listed.stdout.decode().split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]
