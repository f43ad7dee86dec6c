"""`astsvm app`: how it starts, what it warns of, how it ends."""

import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from astsvm.app import AppServer
from astsvm.cli import main

MODEL_OPTIONS = ["--port", "0", "--no-open"]


@pytest.fixture
def command(capsys):
    """Run a command line; return exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ending:
            main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return ending.value.code, output.out, output.err

    return run


@pytest.fixture(scope="module")
def model(bundle, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "mine.astsvm"
    bundle.write(path)
    return path


@pytest.fixture
def interrupted(monkeypatch):
    """Let whoever serves be interrupted at once; give the servers."""
    servers = []

    def run(server):
        servers.append(server)
        raise KeyboardInterrupt

    monkeypatch.setattr(AppServer, "run", run)
    return servers


def test_without_gradio_the_command_says_how_to_get_it(command, monkeypatch):
    find = sys.modules["importlib.util"].find_spec
    monkeypatch.setattr(
        "astsvm.app.page.find_spec", lambda name: None if name == "gradio" else find(name)
    )
    code, out, err = command("app")
    assert (code, out) == (1, "")
    assert "pip install --constraint constraints.txt -e '.[app]'" in err


def test_it_tells_where_the_page_is_and_opens_it(command, interrupted, model, monkeypatch):
    opened = []
    monkeypatch.setattr("click.launch", opened.append)
    code, out, err = command("app", "--model", model, "--port", 0)
    (server,) = interrupted
    assert code == 0
    assert out.split()[0] == server.url
    assert opened == [server.url]
    assert server.url.startswith("http://127.0.0.1:")
    assert "SYNTHETIC" in err
    assert "WARNING" not in err
    assert not server.intake.folder.exists()


def test_no_browser_is_opened_unasked(command, interrupted, model, monkeypatch):
    monkeypatch.setattr("click.launch", lambda _: pytest.fail("a browser was opened"))
    assert command("app", "--model", model, *MODEL_OPTIONS)[0] == 0


def test_another_address_comes_with_a_warning(command, interrupted, model):
    code, out, err = command("app", "--model", model, *MODEL_OPTIONS, "--host", "0.0.0.0")
    assert code == 0
    assert out.startswith("http://0.0.0.0:")
    assert "WARNING: whoever reaches" in err
    assert "no password" in err


def test_limits_are_taken(command, interrupted, model):
    limits = ["--max-megabytes", 7, "--max-seconds", 2.5]
    command("app", "--model", model, *MODEL_OPTIONS, *limits)
    assert interrupted[0].intake.limits.megabytes == 7
    assert interrupted[0].intake.limits.seconds == 2.5


def test_a_port_that_is_taken_is_told(command, model):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, out, err = command("app", "--model", model, "--no-open", "--port", port)
    assert (code, out) == (1, "")
    assert f"port {port}" in err
    assert "--port" in err


def test_a_model_of_flow_images_is_refused_at_once(command, make_bundle, tmp_path, interrupted):
    bundle = make_bundle()
    data = bundle.manifest.data.replace(precomputed_flow="onset to apex, elsewhere")
    path = tmp_path / "flow.astsvm"
    make_bundle(data=data).write(path)
    code, _, err = command("app", "--model", path, *MODEL_OPTIONS)
    assert code == 1
    assert "takes such images" in err
    assert interrupted == []


@pytest.mark.slow
@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_and_leaves_nothing(model, tmp_path, signal_sent):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    arguments = ["app", "--model", str(model), *MODEL_OPTIONS]
    code = f"from astsvm.cli import main; main({arguments!r})"
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}
    environment.pop("GRADIO_TEMP_DIR", None)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        url = process.stdout.readline().split()[0]
        with urllib.request.urlopen(url, timeout=60) as page:
            assert page.status == 200
        request = urllib.request.Request(f"{url}/clip?name=a.avi", data=b"film")
        urllib.request.urlopen(request, timeout=60).close()
        (folder,) = temporary.glob("astsvm-app-*")
        assert len(list(folder.glob("*.avi"))) == 1
        # A page that is open in a browser holds on to its connection.
        with urllib.request.urlopen(f"{url}/gradio_api/heartbeat/abc", timeout=60):
            started = time.monotonic()
            process.send_signal(signal_sent)
            _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "The app has ended; no clip is left." in err
    assert "Traceback" not in err
    assert time.monotonic() - started < 30
    assert list(temporary.rglob("*")) == []
    assert list(tmp_path.iterdir()) == [temporary]
