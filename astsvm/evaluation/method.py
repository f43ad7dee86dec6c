"""What a run trains: AST+SVMNet on the clips' own streams, or a baseline on an input of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from astsvm.config import Settings

if TYPE_CHECKING:
    from astsvm.baselines.registry import Baseline

__all__ = ["ASTSVMNET", "Method"]

ASTSVMNET = "AST+SVMNet"


@dataclass(frozen=True)
class Method:
    """A method and its input.

    Parameters
    ----------
    title : str
        As reports call it.
    streams : tuple of str
        Streams of the clip files that the network takes.
    network : str
        Name of the baseline whose network is trained; empty for AST+SVMNet.
    facts : mapping of str to JSON value
        What ``config.json`` tells of a baseline; empty for AST+SVMNet on the clips' own streams.
    """

    title: str
    streams: tuple[str, ...]
    network: str = ""
    facts: Mapping[str, Any] | None = None

    @classmethod
    def of_settings(cls, settings: Settings) -> Method:
        """Return AST+SVMNet on the streams that its settings name."""
        return cls(ASTSVMNET, settings.network.streams)

    @classmethod
    def of_baseline(cls, baseline: Baseline, *, as_network_input: bool = False) -> Method:
        """Return a baseline, or AST+SVMNet that takes the baseline's input as its only one."""
        facts = {
            "name": baseline.name,
            "kind": baseline.kind,
            "source": baseline.source,
            "needs": list(baseline.needs),
            "options": dict(baseline.options),
            "differs": list(baseline.differs),
            "stream": baseline.stream,
            "as_network_input": as_network_input,
        }
        if as_network_input:
            title = f"{ASTSVMNET} on the input of {baseline.title}"
            return cls(title, (baseline.stream,), facts=facts)
        return cls(baseline.title, (baseline.stream,), baseline.name, facts)
