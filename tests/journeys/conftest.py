"""A sound server for the journeys that are heard."""

from __future__ import annotations

from tests.sound_server import sound_server

__all__ = ["sound_server"]
