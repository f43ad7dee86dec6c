"""Answer requests to a SavedModel as TensorFlow Serving documents its REST form, without astsvm.

Run by tests as ``python plain_tensorflow.py SAVEDMODEL FOLDER``: reads ``requests.json`` in the
folder, writes ``answers.json``. It is not TensorFlow Serving. It does what
https://www.tensorflow.org/tfx/serving/api_rest says of the predict API: requests in rows
(``instances``) or columns (``inputs``), ``signature_name``, JSON numbers for every numeric type,
answers in the form of the request, ``{"error": ...}`` for what fails.
"""

import json
import sys
from pathlib import Path

FOREIGN = ("astsvm", "cv2", "sklearn", "skops", "keras", "dlib", "h5py", "scipy")
for module in FOREIGN:
    sys.modules[module] = None  # whoever imports it gets an ImportError

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def tensor_of(values, dtype):
    """Return a tensor of a JSON value, or of an array, in the type of the signature."""
    if isinstance(values, np.ndarray):
        return tf.constant(values)
    array = np.array(values)
    if dtype.is_integer and (array.dtype.kind != "i" or array.min() < 0 or array.max() > 255):
        raise ValueError(f"JSON value is not of type {dtype.name}")
    return tf.constant(array.astype(dtype.as_numpy_dtype))


def columns_of(request, specs):
    """Return the inputs by name, in columns."""
    if ("instances" in request) == ("inputs" in request):
        raise ValueError("a request has either instances or inputs")
    if "inputs" in request:
        given = request["inputs"]
        return given if isinstance(given, dict) else dict.fromkeys(specs, given)
    rows = request["instances"]
    if isinstance(rows[0], dict):
        return {name: [row[name] for row in rows] for name in rows[0]}
    (only,) = specs
    return {only: rows}


def as_json(tensor):
    """Return a tensor as a JSON value; text as UTF-8."""
    values = tensor.numpy()
    return [text.decode() for text in values] if tensor.dtype == tf.string else values.tolist()


def answer(signatures, request):
    """Answer one request."""
    try:
        function = signatures[request.get("signature_name", "serving_default")]
        specs = function.structured_input_signature[1]
        columns = columns_of(request, specs)
        tensors = {name: tensor_of(values, specs[name].dtype) for name, values in columns.items()}
        outputs = {name: as_json(value) for name, value in function(**tensors).items()}
    except (tf.errors.OpError, ValueError, TypeError, LookupError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    if "inputs" in request:
        return {"outputs": outputs}
    rows = zip(*outputs.values(), strict=True)
    return {"predictions": [dict(zip(outputs, row, strict=True)) for row in rows]}


def main(model, folder):
    """Read requests, write answers."""
    signatures = tf.saved_model.load(model).signatures
    requests = json.loads((folder / "requests.json").read_text())
    arrays = dict(np.load(folder / "arrays.npz"))
    for request in requests.values():
        inputs = request.get("inputs")
        for name, value in inputs.items() if isinstance(inputs, dict) else ():
            if isinstance(value, str):
                inputs[name] = arrays[value]
    answers = {name: answer(signatures, request) for name, request in requests.items()}
    (folder / "answers.json").write_text(json.dumps(answers))
    loaded = [name for name in FOREIGN if sys.modules.get(name) is not None]
    assert not loaded, loaded


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
