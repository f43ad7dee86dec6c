"""What the method is compared with: hand-crafted descriptors and small networks."""
