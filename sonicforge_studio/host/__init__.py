"""The machine the studio runs on: folders, settings, cache, logs, resources."""

from sonicforge_studio.host.folders import Folders, open_folders
from sonicforge_studio.host.logs import log_file, start_log
from sonicforge_studio.host.resources import resource
from sonicforge_studio.host.settings import Settings, load_settings, save_settings
from sonicforge_studio.host.writing import output_error, write_bytes, write_text

__all__ = [
    "Folders",
    "Settings",
    "load_settings",
    "log_file",
    "open_folders",
    "output_error",
    "resource",
    "save_settings",
    "start_log",
    "write_bytes",
    "write_text",
]
