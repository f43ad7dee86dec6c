"""What a run trains is named in its config, and AST+SVMNet's config stays as it was."""

from __future__ import annotations

import pickle

from astsvm.baselines import find_baseline
from astsvm.evaluation.method import Method
from astsvm.evaluation.run_plan import plan_run
from astsvm.storage import open_clips


def test_the_method_itself_takes_the_streams_of_its_settings(tiny_settings):
    method = Method.of_settings(tiny_settings)
    assert (method.title, method.streams, method.network, method.facts) == (
        "AST+SVMNet",
        ("flow",),
        "",
        None,
    )


def test_a_baseline_brings_its_network_and_what_is_known_of_it():
    method = Method.of_baseline(find_baseline("ststnet"))
    assert (method.title, method.streams, method.network) == ("STSTNet", ("motion",), "ststnet")
    assert method.facts["kind"] == "network"
    assert method.facts["as_network_input"] is False
    assert "10.1109/FG.2019.8756567" in method.facts["source"]
    assert pickle.loads(pickle.dumps(method)) == method


def test_its_input_may_be_that_of_the_method():
    method = Method.of_baseline(find_baseline("flow_svm"), as_network_input=True)
    assert method.title == "AST+SVMNet on the input of SVM on blurred flow pixels"
    assert (method.streams, method.network) == (("flow_svm",), "")


def test_only_a_baseline_adds_to_the_config(write_clips, tiny_settings):
    method = Method("A rival", ("flow",), "ststnet", {"name": "ststnet"})
    with open_clips(write_clips("clips")) as clips:
        own = plan_run(clips, tiny_settings, "as-labelled", 1)
        rival = plan_run(clips, tiny_settings, "as-labelled", 1, method=method)
    assert set(rival.config) - set(own.config) == {"baseline"}
    assert (own.config["method"], rival.config["method"]) == ("AST+SVMNet", "A rival")
    assert set(own.config["settings"]) == {"preset", "network", "training"}
    assert set(rival.config["settings"]) == {"preset", "training"}
    assert rival.config["other_than_settings"] == ""
    assert all(task.streams == ("flow",) for task in (*own.tasks, *rival.tasks))
