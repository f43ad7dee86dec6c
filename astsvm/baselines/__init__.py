"""Rivals of the method: hand-crafted descriptors and small networks under the same protocol."""
