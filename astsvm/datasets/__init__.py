"""Where clips come from: loaders of databases, and the protocols that select and label.

A loader gives records and never decodes a frame. What a new database needs stands in
:mod:`astsvm.datasets.contract`.
"""

from astsvm.datasets.contract import Dataset, Problem, dataset_names, load_dataset
from astsvm.datasets.protocols import PROTOCOLS, Selection, apply_protocol

__all__ = [
    "PROTOCOLS",
    "Dataset",
    "Problem",
    "Selection",
    "apply_protocol",
    "dataset_names",
    "load_dataset",
]
