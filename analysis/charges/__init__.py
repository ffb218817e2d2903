"""What a machine's component tables charge, in joules and square millimetres, and what that rests on."""
