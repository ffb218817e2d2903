"""All compiled code of the engine: arrays and ints in, caller-allocated `out`, no validation inside.

The wrappers in simulator/mask, simulator/packing.py and simulator/products.py check what comes in. What a
kernel is held against, its oracle, lives in tests/oracles/.
"""
