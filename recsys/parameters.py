"""Files of parameters: TOML, a table for each model, as `merx tune` writes and `merx train` reads them."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from core.errors import InvalidInput
from recsys.spaces import Value, check_parameters


def read_parameters(path: Path) -> dict[str, dict[str, Value]]:
    """The parameters by model and name.

    Raises InvalidInput for a file that cannot be read, and for what is no parameter of a model or out of range.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"the parameters in {path.name} cannot be read: {error}") from error
    for name, given in tables.items():
        if not isinstance(given, dict):
            raise InvalidInput(f"{path.name} needs a table for each model: {name!r} stands outside of one")
        check_parameters(name, given)
    return tables


def write_parameters(path: Path, *, model: str, parameters: Mapping[str, Value]) -> None:
    """Put the parameters of one model into a file, whole or not at all; other models' tables there are kept.

    Raises InvalidInput for a file that is there and cannot be read, or cannot be written.
    """
    tables = read_parameters(path) if path.exists() else {}
    tables[model] = dict(parameters)
    lines = [
        line
        for name, given in tables.items()
        for line in (f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in given.items()), "")
    ]
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text("\n".join(lines), encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InvalidInput(f"the parameters cannot be written to {path}: {error}") from error
