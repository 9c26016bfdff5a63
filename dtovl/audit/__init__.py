"""What a kernel log tells about devicetrees, overlays and the lifetimes of their parts.

lines cleans what a log writes around a message, patterns and reports know the messages, culprits
reads call traces, board knows the tree and the overlays, tie brings both together.
"""
