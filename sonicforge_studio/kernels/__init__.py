"""Numba DSP on plain arrays. Public functions check and allocate; the kernels fill."""
