"""The generated code of `shoes.proto`, made when a test first asks for it.

The chassis may know no contract of the product, so its tests bring one of their own.
"""

import atexit
import importlib
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import grpc_tools
from grpc_tools import protoc

_HERE = Path(__file__).resolve().parent
_PROTOS = _HERE.parent.parent / "protos"


@cache
def messages() -> Any:
    """Return the module of the messages."""
    _generate()
    return importlib.import_module("shoes_pb2")


@cache
def stubs() -> Any:
    """Return the module of the stubs and servicers."""
    _generate()
    return importlib.import_module("shoes_pb2_grpc")


@cache
def _generate() -> None:
    out = tempfile.mkdtemp(prefix="shoes-")
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    includes = [
        _HERE,
        _PROTOS,
        _PROTOS / "third_party",
        Path(grpc_tools.__file__).parent / "_proto",
    ]
    status = protoc.main(
        [
            "protoc",
            *(f"-I{folder}" for folder in includes),
            f"--python_out={out}",
            f"--grpc_python_out={out}",
            "shoes.proto",
        ]
    )
    assert status == 0, "shoes.proto does not compile"
    sys.path.append(out)
