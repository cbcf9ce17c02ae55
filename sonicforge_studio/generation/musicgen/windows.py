"""How much of a piece a model works on at once, and how much of it the next time."""

from __future__ import annotations

WINDOW_SECONDS = 30.0
"""What the models were trained on."""
KEPT_SECONDS = 12.0
"""Of what was there before: so much of it is heard again by the model, and by nobody else."""
