"""Sound in and out: files, devices, meters. Audio of any length flows in blocks."""

from sonicforge_studio.audio._channels import channel_matrix, mix_channels
from sonicforge_studio.audio.capture import Capture
from sonicforge_studio.audio.capture_state import CaptureState, Recorded
from sonicforge_studio.audio.clips import ClipSink, ClipSource, GridSource, on_24_bit_grid
from sonicforge_studio.audio.device_names import find_input, find_output
from sonicforge_studio.audio.devices import Devices, InputDevice, NoDevices, OutputDevice, system_devices
from sonicforge_studio.audio.files import FileSource, open_source, read_clip
from sonicforge_studio.audio.folders import audio_files_in, expand_inputs
from sonicforge_studio.audio.formats import (
    DELIVERY_FORMATS,
    FORMATS,
    LOSSY_FORMATS,
    PROOF_FORMATS,
    DeliveryFormat,
    same_format,
)
from sonicforge_studio.audio.growing import GrowingClip, GrowingSource
from sonicforge_studio.audio.hashing import PcmHasher, content_hash
from sonicforge_studio.audio.latest import Latest
from sonicforge_studio.audio.live import ROWS_PER_SECOND, LiveAnalyser, LiveSnapshot, Waterfall, warm_live_analysis
from sonicforge_studio.audio.loudness_history import LoudnessHistory, LoudnessTrace
from sonicforge_studio.audio.meters import LoudnessMeter, LoudnessReading, decibels, measure_loudness, true_peak_dbtp
from sonicforge_studio.audio.payload import payload_hash
from sonicforge_studio.audio.peaks import PeaksBuilder
from sonicforge_studio.audio.player import Player
from sonicforge_studio.audio.player_state import PlayerState
from sonicforge_studio.audio.resample import Resampler, resample
from sonicforge_studio.audio.sinks import FileSink, free_name, open_sink, write_clip
from sonicforge_studio.audio.spool import Spool
from sonicforge_studio.audio.tags import Tags, read_tags, write_tags
from sonicforge_studio.audio.tap import Tap, TapSwitch
from sonicforge_studio.audio.versions import Version, matching_gains
from sonicforge_studio.audio.zoom_peaks import ZoomPeaks, ZoomPeaksBuilder

__all__ = [
    "DELIVERY_FORMATS",
    "FORMATS",
    "LOSSY_FORMATS",
    "PROOF_FORMATS",
    "ROWS_PER_SECOND",
    "Capture",
    "CaptureState",
    "ClipSink",
    "ClipSource",
    "DeliveryFormat",
    "Devices",
    "FileSink",
    "FileSource",
    "GridSource",
    "GrowingClip",
    "GrowingSource",
    "InputDevice",
    "Latest",
    "LiveAnalyser",
    "LiveSnapshot",
    "LoudnessHistory",
    "LoudnessMeter",
    "LoudnessReading",
    "LoudnessTrace",
    "NoDevices",
    "OutputDevice",
    "PcmHasher",
    "PeaksBuilder",
    "Player",
    "PlayerState",
    "Recorded",
    "Resampler",
    "Spool",
    "Tags",
    "Tap",
    "TapSwitch",
    "Version",
    "Waterfall",
    "ZoomPeaks",
    "ZoomPeaksBuilder",
    "audio_files_in",
    "channel_matrix",
    "content_hash",
    "decibels",
    "expand_inputs",
    "find_input",
    "find_output",
    "free_name",
    "matching_gains",
    "measure_loudness",
    "mix_channels",
    "on_24_bit_grid",
    "open_sink",
    "open_source",
    "payload_hash",
    "read_clip",
    "read_tags",
    "resample",
    "same_format",
    "system_devices",
    "true_peak_dbtp",
    "warm_live_analysis",
    "write_clip",
    "write_tags",
]
