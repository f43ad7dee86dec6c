"""A record of settings: immutable, no unknown keys, canonical JSON, readable errors."""

from __future__ import annotations

import difflib
import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from astsvm.errors import SettingsError

__all__ = ["FrozenSettings", "InvalidSettingsError"]


class InvalidSettingsError(SettingsError):
    """What is wrong with each setting, so that the record around it can name its place."""

    def __init__(self, model: str, problems: list[tuple[str, str]]) -> None:
        self.model = model
        self.problems = problems
        told = (f"{key}: {text}" if key else text for key, text in problems)
        super().__init__(f"{model}: " + "; ".join(told))

    def __reduce__(self) -> tuple[type[InvalidSettingsError], tuple[str, list[tuple[str, str]]]]:
        # An exception is otherwise copied from its message alone, as when a worker sends it.
        return type(self), (self.model, self.problems)


def _problems(model: type[BaseModel], error: ValidationError) -> list[tuple[str, str]]:
    """Turn a pydantic error into (dotted key, what was expected and what came)."""
    found: list[tuple[str, str]] = []
    for item in error.errors(include_url=False):
        key = ".".join(str(part) for part in item["loc"])
        key = key if key.isprintable() else repr(key)
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, InvalidSettingsError):
            found += [(f"{key}.{inner}".rstrip("."), text) for inner, text in cause.problems]
        elif isinstance(cause, ValueError):
            found.append((key, str(cause)))
        elif item["type"] == "extra_forbidden":
            close = difflib.get_close_matches(key, model.model_fields, n=1)
            hint = f"did you mean {close[0]}?" if close else "expected one of "
            hint += "" if close else ", ".join(model.model_fields)
            found.append((key, f"there is no such setting; {hint}"))
        else:
            received = "" if item["type"] == "missing" else f", received {item['input']!r:.80}"
            found.append((key, f"{item['msg'][0].lower()}{item['msg'][1:]}{received}"))
    return found


class FrozenSettings(BaseModel):
    """A settings record: immutable, no unknown keys, readable errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            model = type(self)
            raise InvalidSettingsError(model.__name__, _problems(model, error)) from None

    def replace(self, **changes: Any) -> Self:
        """Return a validated copy with the given fields changed."""
        return type(self)(**{**self.model_dump(), **changes})

    def to_json(self) -> str:
        """Return canonical JSON: keys sorted, no spaces; equal settings give equal text."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        SettingsError
            If `text` is no JSON object or does not describe valid settings.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SettingsError(f"{cls.__name__}: expected a JSON object, but {error}") from error
        if not isinstance(values, dict):
            raise SettingsError(
                f"{cls.__name__}: expected a JSON object, received {type(values).__name__}."
            )
        return cls(**values)
