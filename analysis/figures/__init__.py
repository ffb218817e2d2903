"""Figures of results that a paper can print: each with its numbers and the command that made it."""
