"""All compiled code of the engine: arrays and ints in, caller-allocated `out`, no validation inside.

The wrappers in simulator/mask, simulator/packing.py and simulator/products.py check what comes in. Each kernel
names its oracle, which lives in tests/oracles/.
"""
