"""Run the generator when the distribution is built, also for an editable install."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GenerateHook(BuildHookInterface[Any]):
    """Put freshly generated code into what is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate `gen/`; raises CalledProcessError when a proto does not compile."""
        sys.path.insert(0, str(Path(self.root)))
        from generate import generate

        generate()
