"""The network's file: weights come back, equal weights give equal bytes, all else is refused."""

import io
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest

from astsvm.config import NetworkSettings
from astsvm.errors import StorageError
from astsvm.network import build_network
from astsvm.network.network_file import load_weights, pack_network
from astsvm.storage.sealed_archive import pack_archive

SETTINGS = NetworkSettings(modules=("2d",), filters=(2, 2))
KERNEL = "layers/dense/vars/0"
BIAS = "layers/dense/vars/1"


def built(frames=2, settings=SETTINGS):
    return build_network({"flow": (frames, 16, 16, 2)}, 3, settings=settings)


def drawn(seed=0):
    network, generator = built(), np.random.default_rng(seed)
    shapes = [weight.shape for weight in network.get_weights()]
    network.set_weights([generator.normal(size=shape) for shape in shapes])
    return network


@pytest.fixture(scope="module")
def packed():
    return pack_network(drawn())


def test_weights_come_back_exactly(packed):
    network = built()
    load_weights(network, packed)
    for found, true in zip(network.get_weights(), drawn().get_weights(), strict=True):
        np.testing.assert_array_equal(found, true)


def test_keras_can_open_it(packed, tmp_path):
    (tmp_path / "network.keras").write_bytes(packed)
    network = keras.saving.load_model(tmp_path / "network.keras")
    for found, true in zip(network.get_weights(), drawn().get_weights(), strict=True):
        np.testing.assert_array_equal(found, true)


def test_equal_weights_give_equal_bytes_however_many_networks_were_built(packed):
    built()
    assert pack_network(drawn()) == packed
    assert pack_network(drawn(seed=1)) != packed


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(packed):
    code = (
        "import hashlib, numpy as np\n"
        "from astsvm.network import build_network\n"
        "from astsvm.config import NetworkSettings\n"
        "from astsvm.network.network_file import pack_network\n"
        f"s = NetworkSettings.from_json({SETTINGS.to_json()!r})\n"
        "n = build_network({'flow': (2, 16, 16, 2)}, 3, settings=s)\n"
        "g = np.random.default_rng(0)\n"
        "n.set_weights([g.normal(size=w.shape) for w in n.get_weights()])\n"
        "import sys; sys.stdout.write(hashlib.sha256(pack_network(n)).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    import hashlib

    assert done.stdout == hashlib.sha256(packed).hexdigest()


def forged(packed, change):
    """Change the weights' file within, and seal the archive anew."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    buffer = io.BytesIO(members["model.weights.h5"])
    with h5py.File(buffer, "r+") as file:
        change(file)
    members["model.weights.h5"] = buffer.getvalue()
    return pack_archive(members)


def replaced(name, **dataset):
    def change(file):
        del file[name]
        file.create_dataset(name, **dataset)

    return change


def linked(name, link):
    def change(file):
        del file[name]
        file[name] = link

    return change


WRONG = {
    "NaN": lambda file: file[KERNEL].__setitem__((0, 0), np.nan),
    "infinity": lambda file: file[BIAS].__setitem__(0, np.inf),
    "another shape": replaced(BIAS, data=np.zeros(4, np.float32)),
    "more dimensions": replaced(BIAS, data=np.zeros((3, 1), np.float32)),
    "doubles": replaced(BIAS, data=np.zeros(3, np.float64)),
    "whole numbers": replaced(BIAS, data=np.zeros(3, np.int32)),
    "objects": replaced(BIAS, data=["a", "b", "c"], dtype=h5py.string_dtype()),
    "compressed": replaced(BIAS, data=np.zeros(3, np.float32), compression="gzip"),
    "chunked": replaced(BIAS, data=np.zeros(3, np.float32), chunks=(1,)),
    "huge and empty": replaced(BIAS, shape=(2**40,), dtype="f4", chunks=(1024,)),
    "kept elsewhere": replaced(BIAS, shape=(3,), dtype="f4", external=[("/etc/passwd", 0, 12)]),
    "external link": linked(BIAS, h5py.ExternalLink("/etc/passwd", "/x")),
    "soft link": linked(BIAS, h5py.SoftLink("/" + KERNEL)),
    "a group": lambda file: (file.pop(BIAS), file.create_group(BIAS)),
    "missing": lambda file: file.pop(BIAS),
    "one more": lambda file: file.create_dataset("layers/dense/vars/2", data=np.zeros(3, "f4")),
    "one more layer": lambda file: file.create_group("layers/lambda"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_other_weights_are_refused_and_nothing_is_taken_over(packed, kind):
    network = built()
    before = network.get_weights()
    with pytest.raises(StorageError, match="not those of this network") as refusal:
        load_weights(network, forged(packed, WRONG[kind]))
    assert "/tmp" not in str(refusal.value)
    for found, true in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, true)


def test_a_change_that_is_allowed_is_taken_over(packed):
    network = built()
    load_weights(network, forged(packed, lambda file: file[BIAS].__setitem__(0, 4.5)))
    assert network.get_layer("probabilities").get_weights()[1][0] == 4.5


def test_the_configuration_in_the_file_is_not_looked_at(packed):
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = b'{"module": "os", "class_name": "system", "config": {"x": "y"}}'
    network = built()
    load_weights(network, pack_archive(members))
    np.testing.assert_array_equal(network.get_weights()[0], drawn().get_weights()[0])


@pytest.mark.parametrize("changes", [{"filters": (2, 3)}, {"attention": "cam"}])
def test_weights_of_another_network_are_refused(packed, changes):
    with pytest.raises(StorageError, match="not those of this network"):
        load_weights(built(settings=SETTINGS.replace(**changes)), packed)


def test_what_is_no_hdf5_file_is_refused(packed):
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for content in (b"", b"text", members["model.weights.h5"][:5000]):
        members["model.weights.h5"] = content
        with pytest.raises(StorageError, match="not those of this network"):
            load_weights(built(), pack_archive(members))
