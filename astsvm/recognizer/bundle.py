"""The bundle: a whole model in one file.

===================  ==========================================================================
member               content
===================  ==========================================================================
``manifest.json``    format and version, size and SHA-256 of every other member, classes, data,
                     training, figures, calibration (:mod:`astsvm.recognizer.manifest`)
``settings.json``    all settings, with the preprocessing that the clips had
``network.keras``    the network (:mod:`astsvm.network.network_file`)
``classifier.skops`` scaler and SVM (:mod:`astsvm.classifier_file`)
``card.md``          the model card, for people
===================  ==========================================================================

A zip archive of one possible form (:mod:`astsvm.storage.sealed_archive`). The checksums find
damage, not malice: whoever forges a file can seal it anew. That is why nothing in it is executed,
and every array is checked before it is used.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from astsvm.config import Settings
from astsvm.errors import SettingsError, StorageError
from astsvm.printable import printable
from astsvm.recognizer.manifest import Manifest, MemberRecord, read_manifest
from astsvm.storage.atomic import write_bytes_atomically
from astsvm.storage.sealed_archive import pack_archive, unpack_archive

__all__ = ["Bundle"]

_MANIFEST = "manifest.json"
_SETTINGS, _NETWORK, _CLASSIFIER, _CARD = (
    "settings.json",
    "network.keras",
    "classifier.skops",
    "card.md",
)
_LARGEST = {
    _MANIFEST: 2**20,
    _SETTINGS: 2**16,
    _NETWORK: 2**28,
    _CLASSIFIER: 2**30,
    _CARD: 2**20,
}
_MARGIN = 2**12
"""Bytes of the archive that are no member's."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """The content of a bundle, with checksums verified and nothing in it built yet.

    Made by :meth:`sealed` or :meth:`read`.

    Parameters
    ----------
    manifest : Manifest
        What it says of itself.
    settings : Settings
        All settings.
    members : dict of str to bytes
        Every member as it is stored. Older bundles lack settings that came later, so they are
        not written anew from the above.
    """

    manifest: Manifest
    settings: Settings
    members: dict[str, bytes]

    @classmethod
    def sealed(
        cls,
        manifest: Manifest,
        settings: Settings,
        network: bytes,
        classifier: bytes,
        card: str,
    ) -> Self:
        """Return a bundle whose manifest holds the checksums of its members."""
        contents = {
            _SETTINGS: settings.to_json().encode(),
            _NETWORK: network,
            _CLASSIFIER: classifier,
            _CARD: card.encode(),
        }
        records = {name: _record(content) for name, content in contents.items()}
        manifest = manifest.replace(members=records)
        return cls(manifest, settings, {_MANIFEST: manifest.to_json().encode(), **contents})

    @property
    def network(self) -> bytes:
        """File of the network."""
        return self.members[_NETWORK]

    @property
    def classifier(self) -> bytes:
        """File of the SVM head."""
        return self.members[_CLASSIFIER]

    @property
    def card(self) -> str:
        """The model card, Markdown."""
        return self.members[_CARD].decode()

    def to_bytes(self) -> bytes:
        """Return the file's content; equal bundles give equal bytes."""
        return pack_archive(self.members)

    def write(self, path: Path) -> None:
        """Write the bundle, whole or not at all; an existing file is replaced.

        Raises
        ------
        StorageError
            If the system refuses to write.
        """
        write_bytes_atomically(path, self.to_bytes())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a bundle and verify its checksums.

        Raises
        ------
        StorageError
            If the file is missing, cut, damaged, foreign, too large, or of a newer format.
        """
        data = _file_content(path)
        try:
            return cls._from_bytes(data)
        except StorageError as error:
            raise StorageError(
                f"{path}: expected a model that `astsvm train --final` wrote, but "
                f"{printable(str(error))}."
            ) from error

    @classmethod
    def _from_bytes(cls, data: bytes) -> Self:
        members = unpack_archive(data, _LARGEST)
        manifest = read_manifest(members[_MANIFEST])
        if manifest.members.keys() != members.keys() - {_MANIFEST}:
            raise StorageError("its manifest lists other members")
        for name, record in manifest.members.items():
            if record != _record(members[name]):
                raise StorageError(f"{name} is not what it was: its size or SHA-256 differs")
        try:
            settings = Settings.from_json(members[_SETTINGS])
            _require_printable(members[_CARD].decode())
        except (SettingsError, UnicodeDecodeError) as error:
            text = " ".join(str(error).split())[:300]
            raise StorageError(f"its settings or card cannot be read: {text}") from error
        return cls(manifest, settings, members)


def _require_printable(card: str) -> None:
    odd = {letter for letter in card if not letter.isprintable()} - {"\n"}
    if odd:
        raise StorageError(f"{_CARD} holds what is not printable: {min(odd)!r}")


def _record(content: bytes) -> MemberRecord:
    return MemberRecord(size=len(content), sha256=hashlib.sha256(content).hexdigest())


def _file_content(path: Path) -> bytes:
    limit = sum(_LARGEST.values()) + _MARGIN
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > limit:
                raise StorageError(
                    f"{path}: expected a model below {limit >> 20} MiB, received {size >> 20} MiB. "
                    "This is no model of astsvm's."
                )
            # One byte more than allowed, for what is no regular file and has no size.
            content = file.read(limit + 1)
    except OSError as error:
        raise StorageError(f"{path}: the model cannot be read: {error.strerror}.") from error
    if len(content) > limit:
        raise StorageError(f"{path}: expected a model below {limit >> 20} MiB, received more.")
    return content
