"""Generate the Python code of the protos into `gen/`.

Runs at set-up and in the distribution's build; its output is never committed. The package below
`switchhook/` mirrors the folders, so `protos/switchhook/voice/v1/call.proto` is imported as
`switchhook.voice.v1.call_pb2`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
GEN = HERE / "gen"
THIRD_PARTY = HERE / "third_party"


def generate() -> Path:
    """Generate `gen/` afresh and return it; raise CalledProcessError when a proto is wrong."""
    _write_third_party()
    with tempfile.TemporaryDirectory(dir=HERE, prefix=".gen-") as scratch:
        out = Path(scratch)
        _compile(out)
        _tidy(out)
        _replace(out)
    return GEN


def _write_third_party() -> None:
    from validate_source import NAME, render

    target = THIRD_PARTY / NAME
    source = render()
    if not target.exists() or target.read_text() != source:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source)


def _compile(out: Path) -> None:
    files = sorted(
        str(path.relative_to(root))
        for root in (HERE, THIRD_PARTY)
        for path in root.glob("switchhook/**/*.proto" if root == HERE else "**/*.proto")
    )
    plugins = Path(sys.executable).parent
    subprocess.run(
        [
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            f"-I{HERE}",
            f"-I{THIRD_PARTY}",
            f"--plugin=protoc-gen-mypy={plugins / 'protoc-gen-mypy'}",
            f"--plugin=protoc-gen-mypy_grpc={plugins / 'protoc-gen-mypy_grpc'}",
            f"--python_out={out}",
            f"--grpc_python_out={out}",
            f"--mypy_out=quiet,readable_stubs:{out}",
            f"--mypy_grpc_out=quiet,readable_stubs,only_async:{out}",
            *files,
        ],
        check=True,
        cwd=HERE,
    )


def _tidy(out: Path) -> None:
    """Delete the empty gRPC modules of files without a service; mark the rest as typed."""
    for stub in out.rglob("*_pb2_grpc.py"):
        if "def add_" not in stub.read_text():
            stub.unlink()
            stub.with_suffix(".pyi").unlink(missing_ok=True)
    for package in [out / "switchhook", out / "buf"]:
        (package / "py.typed").touch()


def _replace(out: Path) -> None:
    """Write what changed and delete what went, so that running tools keep valid imports."""
    fresh = {path.relative_to(out) for path in out.rglob("*") if path.is_file()}
    for name in fresh:
        target = GEN / name
        content = (out / name).read_bytes()
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    stale = [path for path in GEN.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    for path in stale:
        if path.relative_to(GEN) not in fresh:
            path.unlink()


if __name__ == "__main__":
    if "--clean" in sys.argv:
        shutil.rmtree(GEN, ignore_errors=True)
    try:
        generate()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)  # protoc has named the file, the line and the fault
