import subprocess
import sys

import pytest

from astsvm.datasets import synthetic


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, astsvm.datasets.synthetic as s; "
        "assert not {'cv2', 'dlib', 'pandas', 'tensorflow'} & set(sys.modules); "
        "assert 'write_corpus' in dir(s)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_public_name_is_there():
    for name in synthetic.__all__:
        assert getattr(synthetic, name) is not None


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="no attribute 'draw_person'"):
        _ = synthetic.draw_person
