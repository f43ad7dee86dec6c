"""TensorFlow starts without a word, and words of others are passed on."""

import subprocess
import sys


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )


def test_tensorflow_starts_silently_with_onednn():
    found = run(
        "from astsvm.network.start import start_tensorflow; start_tensorflow();"
        "import sys, os, tensorflow; assert 'keras' in sys.modules;"
        "print(tensorflow.constant(1).numpy(), os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    )
    assert found.stdout == "1 1\n", found.stderr
    assert found.stderr == ""


def test_what_others_say_meanwhile_is_passed_on_also_when_the_import_fails():
    found = run(
        "import sys, os, types\n"
        "class Broken:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'tensorflow':\n"
        "            os.write(2, b'a driver speaks\\n')\n"
        "            os.write(2, b'I0000 00:00:1.5 12 cudart_stub.cc:31] no cuda\\n')\n"
        "            raise ImportError('broken on purpose')\n"
        "sys.meta_path.insert(0, Broken())\n"
        "from astsvm.network.start import start_tensorflow\n"
        "start_tensorflow()\n"
    )
    assert found.returncode == 1
    assert "a driver speaks" in found.stderr
    assert "cudart_stub" not in found.stderr
    assert "ImportError: broken on purpose" in found.stderr
