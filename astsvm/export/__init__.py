"""Trained models in forms that other software serves: SavedModel, ONNX, Keras."""
