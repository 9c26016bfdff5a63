"""The live-tree model: nodes, properties as bytes, indices; no input or output."""
