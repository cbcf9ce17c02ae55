"""Sound in and out: files, devices, meters. Audio of any length flows in blocks."""

from sonicforge_studio.audio.clips import ClipSink, ClipSource, on_24_bit_grid
from sonicforge_studio.audio.devices import Devices, NoDevices, OutputDevice, system_devices
from sonicforge_studio.audio.files import FileSource, open_source, read_clip
from sonicforge_studio.audio.folders import audio_files_in, expand_inputs
from sonicforge_studio.audio.hashing import PcmHasher, content_hash
from sonicforge_studio.audio.latest import Latest
from sonicforge_studio.audio.meters import LoudnessMeter, decibels, measure_loudness, true_peak_dbtp
from sonicforge_studio.audio.peaks import PeaksBuilder
from sonicforge_studio.audio.player import Player
from sonicforge_studio.audio.player_state import PlayerState
from sonicforge_studio.audio.resample import Resampler, resample
from sonicforge_studio.audio.sinks import FORMATS, LOSSY_FORMATS, FileSink, free_name, open_sink, write_clip
from sonicforge_studio.audio.spectrum import SpectrumAnalyser, SpectrumSnapshot, warm_live_spectrum
from sonicforge_studio.audio.tags import Tags, read_tags, write_tags
from sonicforge_studio.audio.tap import Tap

__all__ = [
    "FORMATS",
    "LOSSY_FORMATS",
    "ClipSink",
    "ClipSource",
    "Devices",
    "FileSink",
    "FileSource",
    "Latest",
    "LoudnessMeter",
    "NoDevices",
    "OutputDevice",
    "PcmHasher",
    "PeaksBuilder",
    "Player",
    "PlayerState",
    "Resampler",
    "SpectrumAnalyser",
    "SpectrumSnapshot",
    "Tags",
    "Tap",
    "audio_files_in",
    "content_hash",
    "decibels",
    "expand_inputs",
    "free_name",
    "measure_loudness",
    "on_24_bit_grid",
    "open_sink",
    "open_source",
    "read_clip",
    "read_tags",
    "resample",
    "system_devices",
    "true_peak_dbtp",
    "warm_live_spectrum",
    "write_clip",
    "write_tags",
]
