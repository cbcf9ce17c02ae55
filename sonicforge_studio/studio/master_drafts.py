"""What a master is being set to, kept on the disk from change to change: one file for each track, the newest ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sonicforge_studio.audio import PROOF_FORMATS
from sonicforge_studio.domain import ChainSettings, MasterSettings, Target, from_plain, to_plain
from sonicforge_studio.domain.mastering import Match
from sonicforge_studio.host.writing import write_text
from sonicforge_studio.mastering import TARGETS, Preset, preset_faults, preset_named
from sonicforge_studio.studio.draft_files import clear_oldest, set_aside

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Reference:
    """A track that a master is to be led towards, and how much it counts beside the others."""

    path: str
    title: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class MasterDraft:
    """Everything that a hand can set before a master is made."""

    target: Target
    preset: str = "glue"
    chain: ChainSettings = field(default_factory=ChainSettings)
    amount: float = 1.0
    match: Match | None = None
    """What a preset brings of the references it was made with."""
    references: tuple[Reference, ...] = ()
    match_share: float = 0.5
    keep_dynamics_lu: float = 0.0
    sample_rate_hz: int = 0
    prove: bool = True
    """Whether every format of delivery is made and measured."""

    @property
    def settings(self) -> MasterSettings:
        """All but its references, which have to be listened to first."""
        return MasterSettings(
            self.target, self.chain, self.amount, self.match, self.keep_dynamics_lu, self.sample_rate_hz
        )

    def arguments(self) -> dict[str, Any]:
        """What the master job is given."""
        wanted: dict[str, Any] = {"preset": self.preset, "chain": to_plain(self.chain), "amount": self.amount}
        if TARGETS.get(self.target.name) == self.target:
            wanted["target"] = self.target.name
        else:
            wanted |= {"lufs": self.target.integrated_lufs, "ceiling": self.target.ceiling_dbtp}
        if self.references:
            wanted["references"] = to_plain(self.references)
            wanted["match_share"] = self.match_share
        elif self.match is not None:
            wanted["match"] = to_plain(self.match)
        if self.keep_dynamics_lu:
            wanted["keep_dynamics_lu"] = self.keep_dynamics_lu
        if self.prove:
            wanted["proof"] = [format.name for format in PROOF_FORMATS]
        if self.sample_rate_hz:
            wanted["sample_rate_hz"] = self.sample_rate_hz
        return wanted


def first_draft(target: Target, preset: str = "glue") -> MasterDraft:
    """What a track's master begins as. Raises ``BadSetting`` where there is no such preset."""
    return with_preset(MasterDraft(target), preset, preset_named(preset))


def with_preset(draft: MasterDraft, name: str, settings: MasterSettings) -> MasterDraft:
    """The chain of a preset under the target of the draft."""
    return replace(
        draft,
        preset=name,
        chain=settings.chain,
        amount=settings.amount,
        match=settings.match,
        keep_dynamics_lu=settings.least_peak_to_loudness_lu,
    )


class MasterDrafts:
    """One file for each track, under the hash of its sound: a moved or renamed file finds its draft again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, audio_hash: str, *drafts: MasterDraft) -> None:
        """Remember how far it has got: the newest draft is the last, those before it are what must not be lost besides.
        Raises ``DiskFull`` or ``OutputNotWritable``."""
        *before, draft = map(to_plain, drafts)
        stored = {"version": _VERSION, "audio_hash": audio_hash, "draft": draft, "before": before}
        write_text(self._place(audio_hash), json.dumps(stored, ensure_ascii=False))
        clear_oldest(self._folder)

    def find(self, audio_hash: str) -> tuple[MasterDraft, ...]:
        """What was kept last; nothing where nobody began, or where what is there cannot be read any more, which is
        kept aside."""
        place = self._place(audio_hash)
        try:
            return _read_all(json.loads(place.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, KeyError, LookupError, AttributeError) as error:
            set_aside(place, error)
            return ()

    def forget(self, audio_hash: str) -> None:
        with suppress(OSError):
            self._place(audio_hash).unlink()

    def _place(self, audio_hash: str) -> Path:
        return self._folder / f"{audio_hash}.json"


def _read_all(stored: Mapping[str, Any]) -> tuple[MasterDraft, ...]:
    if stored["version"] != _VERSION:
        raise ValueError(f"version {stored['version']}")
    return tuple(map(_read, (*stored.get("before", ()), stored["draft"])))


def _read(stored: Any) -> MasterDraft:
    draft = from_plain(MasterDraft, stored)
    # What a preset may hold, a draft may.
    whole = Preset.of("draft", draft.settings, with_target=True)
    fault = next(preset_faults(whole), None)
    weights = (draft.match_share, *(reference.weight for reference in draft.references))
    if fault is not None or not all(0.0 <= weight <= 1.0 for weight in weights):
        raise ValueError(f"out of its limits: {fault or 'references'}")
    return draft
