"""The sound server is started by the first test that asks for it."""

from tests.sound_server import sound_server

__all__ = ["sound_server"]
