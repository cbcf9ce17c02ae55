"""audiocraft, where it is installed: its own MusicGen checkpoints, played by a Python of its own.

Its pins do not go with the studio's, so it is never imported here; what is told and heard goes through a pipe.
"""
