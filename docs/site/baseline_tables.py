"""Every baseline with what it needs, its source and what differs, drawn from the register."""

from __future__ import annotations

import re

from astsvm.baselines import Baseline, all_baselines

__all__ = ["every_baseline"]

_DOI = re.compile(r"doi:(10\.[\w./-]+\w)")
_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{5})")
_CODE = re.compile(r"(?<!/)(github\.com/[\w-]+/[\w.-]*\w)")


def every_baseline() -> str:
    """Return an overview and a paragraph for every baseline, as Markdown."""
    found = list(all_baselines().values())
    lines = ["| name | what | needs | input of AST+SVMNet |", "|---|---|---|---|"]
    for baseline in found:
        takes = "yes" if baseline.is_map else "no"
        name = f"[`{baseline.name}`](#{baseline.name})"
        lines.append(f"| {name} | {baseline.title} | {', '.join(baseline.needs)} | {takes} |")
    return "\n".join([*lines, "", *(_section(baseline) for baseline in found)])


def _section(baseline: Baseline) -> str:
    training = baseline.training
    heads = f"{training.epochs} epochs of Adam at {training.learning_rate:g}"
    if baseline.kind == "descriptor":
        heads = f"SVM: {_machine(baseline)}; logistic regression: {heads}"
    lines = [f'### <a id="{baseline.name}"></a>{baseline.title}', ""]
    lines += [f"`{baseline.name}`, {baseline.kind}. Source: {_linked(baseline.source)}.", ""]
    lines += [f"- {heads}; class weights {training.class_weight}."]
    lines += [f"- Differs: {_linked(difference).rstrip('.')}." for difference in baseline.differs]
    return "\n".join([*lines, ""])


def _machine(baseline: Baseline) -> str:
    training = baseline.training
    standardised = "standardised" if training.svm_standardise else "as they are"
    return f"{training.svm_kernel}, C = {training.svm_c:g}, values {standardised}"


def _linked(text: str) -> str:
    text = _DOI.sub(r"[doi \1](https://doi.org/\1)", text)
    text = _ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)
    return _CODE.sub(r"[\1](https://\1)", text)
