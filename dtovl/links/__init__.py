"""Links between nodes: what a node needs of others, what is wrong with that, and probe order."""
