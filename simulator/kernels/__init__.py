"""All compiled code of the engine: arrays and ints in, caller-allocated `out`, no validation inside.

The wrapper of the same name, in simulator/mask and beside it, checks what comes in. Each kernel names its oracle,
which lives in tests/oracles/.
"""
