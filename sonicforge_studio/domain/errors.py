"""The error tree: every failure a user can meet, as a sentence, a code and what to do next.

StudioError
├── InputError            what was given cannot be used
│   ├── MissingPath, NoPermission, NoAudioInFolder
│   ├── EmptyFile, EmptyAudio, NotAudio, DecodeFailed
│   ├── UnknownKey, TempoOutOfRange, DurationOutOfRange, UnknownTarget, UnknownFormat, UnknownEngine, UnknownDevice,
│   │   UnknownModel, BadSetting
│   └── NoRecipe, RecipeUnreadable, FingerprintUnreadable, ModelNotUsable
├── OutputError           the result cannot be put where it was wanted
│   └── OutputExists, OverCeiling, NotAsPromised, DiskFull, OutputNotWritable
├── NoSoundDevice, DeviceLost
├── LibraryError          LibraryTooNew, LibraryDamaged, LibraryBusy
├── EngineUnavailable, EngineProcessDied, OutOfMemory
├── HubUnreachable, HubRefused, DownloadChanged, DownloadRunning
├── ConsentNeeded         only a person may say yes to it, and nobody was there
├── TryAgain              passing trouble: a job that raises it (or a subclass) is retried
└── Cancelled
"""

from __future__ import annotations


class StudioError(Exception):
    """A failure that a person can read and act on.

    ``code`` is stable and machine-readable, ``message`` one plain sentence, ``hint`` the next step.
    """

    code = "studio-error"
    message = "Something went wrong."
    hint = "Try again; the log has the details."

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        self.message = message or type(self).message
        self.hint = hint or type(self).hint
        super().__init__(self.message)

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message, "hint": self.hint}


class InputError(StudioError):
    code = "bad-input"
    message = "This input cannot be used."


class MissingPath(InputError):
    code = "missing-path"
    message = "There is nothing at this path."
    hint = "Check the spelling, or whether the drive is connected."


class NoPermission(InputError):
    code = "no-permission"
    message = "You are not allowed to read this file."
    hint = "Change the file's permissions, or copy it to a folder of your own."


class NoAudioInFolder(InputError):
    code = "no-audio-in-folder"
    message = "This folder holds no audio files."
    hint = "Choose a folder with WAV, FLAC, MP3, M4A, Ogg or other audio files in it."


class EmptyFile(InputError):
    code = "empty-file"
    message = "The file is empty (0 bytes)."
    hint = "It may not have been copied completely; copy or download it again."


class EmptyAudio(InputError):
    code = "empty-audio"
    message = "The audio has no samples."
    hint = "Choose a file or a region that holds sound."


class NotAudio(InputError):
    code = "not-audio"
    message = "This file holds no audio that can be read."
    hint = "Check that it is an audio or video file; its name may carry the wrong suffix."


class DecodeFailed(InputError):
    code = "decode-failed"
    message = "The audio in this file is damaged beyond reading."
    hint = "Get the file again from its source; it may be cut off."


class UnknownKey(InputError):
    code = "unknown-key"
    message = "This is not a musical key."
    hint = 'Write a key as "A minor", "F# major", "Bbm" or "c moll".'


class TempoOutOfRange(InputError):
    code = "tempo-out-of-range"
    message = "This tempo is out of range."
    hint = "Give a tempo from 20 to 400 BPM."


class DurationOutOfRange(InputError):
    code = "duration-out-of-range"
    message = "This length is out of range."
    hint = "Give a length from 1 second to 60 minutes."


class UnknownTarget(InputError):
    code = "unknown-target"
    message = "There is no loudness target of this name."


class UnknownFormat(InputError):
    code = "unknown-format"
    message = "The studio does not write this format."
    hint = "Use wav, flac, mp3, m4a, opus or ogg."


class UnknownEngine(InputError):
    code = "unknown-engine"
    message = "There is no engine of this name."
    hint = "Use auto, synth, musicgen or audiocraft."


class UnknownDevice(InputError):
    code = "unknown-device"
    message = "There is no sound device of this name."
    hint = "`sonicforge devices` lists what there is."


class UnknownModel(InputError):
    code = "unknown-model"
    message = "There is no model of this name."
    hint = "`sonicforge models` lists what there is."


class BadSetting(InputError):
    code = "bad-setting"
    message = "A setting is outside its limits."
    hint = "Choose a value within its limits."


class NoRecipe(InputError):
    code = "no-recipe"
    message = "This file carries no recipe."
    hint = "Only files made by the studio can be made again."


class RecipeUnreadable(InputError):
    code = "recipe-unreadable"
    message = "The recipe in this file cannot be read."
    hint = "It may come from a newer version or have been edited; update the studio."


class FingerprintUnreadable(InputError):
    code = "fingerprint-unreadable"
    message = "This fingerprint cannot be read."
    hint = "It may have been cut off on its way; make it again from the audio."


class OutputError(StudioError):
    code = "output-error"
    message = "The result cannot be written."


class OutputExists(OutputError):
    code = "output-exists"
    message = "There is already a file of this name."
    hint = "Choose another name, or use --force to replace it."


class OverCeiling(OutputError):
    code = "over-ceiling"
    message = "The encoded file peaks over the ceiling of its master."
    hint = "Prove this format when you master, or export it all the same."


class NotAsPromised(OutputError):
    code = "not-as-promised"
    message = "The file does not keep what was asked of its master."
    hint = "Master it again, or export it all the same."


class DiskFull(OutputError):
    code = "disk-full"
    message = "The disk is full."
    hint = "Free some space, then try again; nothing half-written was left."


class OutputNotWritable(OutputError):
    code = "output-not-writable"
    message = "The folder cannot be written to."
    hint = "Choose another folder, or change its permissions."


class NoSoundDevice(StudioError):
    code = "no-sound-device"
    message = "No sound device was found."
    hint = "Connect one, or go on without sound: everything else works."


class DeviceLost(StudioError):
    code = "device-lost"
    message = "The sound device went away."
    hint = "Connect it again or choose another one, then press play."


class LibraryError(StudioError):
    code = "library-error"
    message = "The library cannot be used."


class LibraryTooNew(LibraryError):
    code = "library-too-new"
    message = "This library was written by a newer version of the studio."
    hint = "Update the studio, or choose another data folder with --home."


class LibraryDamaged(LibraryError):
    code = "library-damaged"
    message = "The library's database is damaged."
    hint = "Restore a backup of it; the audio files themselves are untouched."


class TryAgain(StudioError):
    code = "try-again"
    message = "This did not work just now."
    hint = "It will be tried again."


class LibraryBusy(LibraryError, TryAgain):
    code = "library-busy"
    message = "Another program holds the library."
    hint = "Close the other one, or wait a moment."


class ModelNotUsable(InputError):
    code = "model-not-usable"
    message = "This model cannot be used."
    hint = "Download it again, or name another folder."


class EngineUnavailable(StudioError):
    code = "engine-unavailable"
    message = "This engine is not installed."
    hint = "Use --engine synth, which is built in."


class EngineProcessDied(StudioError):
    code = "engine-process-died"
    message = "The process that made the music came to an end."
    hint = "Nothing else is affected. Try a shorter piece, or a smaller model."


class OutOfMemory(StudioError):
    code = "out-of-memory"
    message = "There is not enough memory for this model."
    hint = "Close other programs, or take a smaller model."


class HubUnreachable(StudioError):
    code = "hub-unreachable"
    message = "The model hub cannot be reached."
    hint = "Check the connection and try again. What came so far is kept; everything else works without it."


class HubRefused(StudioError):
    code = "hub-refused"
    message = "The model hub does not give this model."
    hint = "Look at its page on the hub, or choose another model."


class DownloadChanged(StudioError):
    code = "download-changed"
    message = "A file of the model is not what it was when the download began."
    hint = "What came of it was thrown away. Download the model again."


class DownloadRunning(StudioError):
    code = "download-running"
    message = "This model is being downloaded already."
    hint = "Wait for it, or cancel it first."


class ConsentNeeded(StudioError):
    code = "consent-needed"
    message = "This needs a yes, and nobody is at a terminal to give it."
    hint = "Say it beforehand with --yes."


class Cancelled(StudioError):
    code = "cancelled"
    message = "Cancelled."
    hint = "Start it again when you like."
