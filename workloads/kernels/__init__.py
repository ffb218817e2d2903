"""Compiled loops of training: everything elementwise, fused; products of matrices are numpy's."""
