"""MusicGen on this machine: what lies in a model's folder, and a decode loop of our own over its weights.

Nothing here is imported before someone asks for it: PyTorch is heavy, and comes with the extra ``neural``.
"""
