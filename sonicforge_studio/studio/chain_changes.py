"""Single figures of the chain, as a person writes them: ``eq.bands.5.gain_db=-2``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sonicforge_studio.domain import ChainSettings
from sonicforge_studio.domain.chain import chain_faults, changed, value_at
from sonicforge_studio.domain.errors import BadSetting

_SWITCHES = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


def chain_with(chain: ChainSettings, changes: Iterable[str]) -> ChainSettings:
    """The chain with each ``place=value`` done in turn. Raises ``BadSetting`` for a place that is none, and for a value
    that is not possible there."""
    for text in changes:
        place, equals, value = (part.strip() for part in text.partition("="))
        try:
            held = value_at(chain, place)
            if not equals or hasattr(held, "__dataclass_fields__"):
                raise LookupError(place)
            chain = changed(chain, place, _read(value, held))
        except LookupError as error:
            raise BadSetting(
                f'The chain has nothing to set at "{text}".', hint="Write it as stage.name=value, such as glue.ratio=2."
            ) from error
        except ValueError as error:
            raise BadSetting(f'"{value}" cannot stand at "{place}".') from error
        if next(iter(chain_faults(chain)), None) is not None:
            raise BadSetting(f'"{value}" is outside the limits of "{place}".')
    return chain


def _read(text: str, held: Any) -> Any:
    """A value of the kind of the one that is held."""
    if isinstance(held, bool):
        if text.lower() not in _SWITCHES:
            raise ValueError(text)
        return _SWITCHES[text.lower()]
    if isinstance(held, tuple):
        return tuple(float(part) for part in text.split(","))
    return text if isinstance(held, str) else float(text)
