"""What other teams install: the contracts as generated code, as sources, and nothing else."""

import importlib
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

ROOT = Path(__file__).parents[2]
PROTOS = ROOT / "protos"
SOURCES = sorted(path.relative_to(PROTOS) for path in PROTOS.glob("switchhook/**/*.proto"))
RULES = Path("buf/validate/validate.proto")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel, built from a fresh checkout's files without a network."""
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / ".gitignore", checkout)  # the build tool leaves out what git ignores
    made_here = shutil.ignore_patterns("gen", "third_party", "dist", "__pycache__", ".gen-*")
    shutil.copytree(PROTOS, checkout / "protos", ignore=made_here)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    built = subprocess.run(
        command, cwd=checkout / "protos", check=False, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next((checkout / "protos" / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as an installer leaves it."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_holds_each_part_once_and_nothing_else(wheel: Path) -> None:
    """Code, type information and sources of every contract and of the rules, and no more."""
    with zipfile.ZipFile(wheel) as archive:
        held = Counter(name for name in archive.namelist() if ".dist-info/" not in name)
    expected = {"switchhook/py.typed", "buf/py.typed"}
    for source in [*SOURCES, RULES]:
        expected.add(f"switchhook_protos/{source.as_posix()}")
        expected.update(_generated(source))
    assert held == Counter(expected)


def test_the_installed_code_can_be_imported(installed: Path) -> None:
    """Every module imports from the wheel's content, none from this checkout."""
    modules = [
        ".".join(path.relative_to(installed).with_suffix("").parts)
        for path in sorted(installed.glob("switchhook/**/*.py"))
    ]
    assert len(modules) > len(SOURCES)
    _run(
        "import importlib, pathlib, sys\n"
        "home, *modules = sys.argv[1:]\n"
        "sys.path.insert(0, home)\n"
        "for module in modules:\n"
        "    assert pathlib.Path(importlib.import_module(module).__file__).is_relative_to(home)\n"
        "from buf.validate import validate_pb2\n"
        "assert pathlib.Path(validate_pb2.__file__).is_relative_to(home)\n",
        str(installed),
        *modules,
    )


def test_the_installed_sources_compile_to_the_same_contracts(installed: Path) -> None:
    """A team in another language gets from the sources what this suite was generated from."""
    home, out = installed / "switchhook_protos", installed / "all.binpb"
    names = [source.as_posix() for source in SOURCES]
    arguments = ["-m", "grpc_tools.protoc", f"-I{home}", f"--descriptor_set_out={out}", *names]
    subprocess.run([sys.executable, *arguments], check=True)
    compiled = FileDescriptorSet.FromString(out.read_bytes()).file
    assert sorted(file.name for file in compiled) == names
    for file in compiled:
        ours = FileDescriptorProto()
        module = file.name.removesuffix(".proto").replace("/", ".")
        importlib.import_module(f"{module}_pb2").DESCRIPTOR.CopyToProto(ours)
        assert _plain(file) == _plain(ours), file.name


def test_the_rules_are_those_of_the_library() -> None:
    """The source written back from the library's descriptor says all of it but file options."""
    source = _run(
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import validate_source\n"
        "sys.stdout.buffer.write(validate_source.descriptor().SerializeToString())\n",
        str(PROTOS),
    )
    rendered = FileDescriptorProto()
    validate_pb2.DESCRIPTOR.CopyToProto(rendered)
    theirs = FileDescriptorProto.FromString(source)
    assert len(theirs.message_type) > 20
    assert _plain(rendered) == _plain(theirs)


def test_the_rules_source_is_as_set_up_would_write_it() -> None:
    """What set-up wrote is what this version of the library says, and names its licence."""
    source = _run(
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import validate_source\n"
        "sys.stdout.buffer.write(validate_source.render().encode())\n",
        str(PROTOS),
    )
    assert (PROTOS / "third_party" / RULES).read_bytes() == source
    assert b"Apache-2.0" in source


def _generated(source: Path) -> set[str]:
    stem = source.with_suffix("").as_posix()
    suffixes = ["_pb2.py", "_pb2.pyi"]
    if source != RULES and "\nservice " in (PROTOS / source).read_text("utf-8"):
        suffixes += ["_pb2_grpc.py", "_pb2_grpc.pyi"]
    return {stem + suffix for suffix in suffixes}


def _run(code: str, *arguments: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _plain(file: FileDescriptorProto) -> FileDescriptorProto:
    """Return a file without what compilers add or order as they like."""
    plain = FileDescriptorProto.FromString(file.SerializeToString())
    for name in ("options", "syntax", "source_code_info"):
        plain.ClearField(name)
    for extension in plain.extension:
        extension.ClearField("json_name")
    for message in plain.message_type:
        _plain_message(message)
    return plain


def _plain_message(message: DescriptorProto) -> None:
    ordered = sorted(message.field, key=lambda field: field.number)
    for field in ordered:
        field.ClearField("json_name")
    del message.field[:]
    message.field.extend(ordered)
    for nested in message.nested_type:
        _plain_message(nested)
