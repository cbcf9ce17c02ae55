"""The options of neural engines, and what is told before one of them begins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from sonicforge_studio.cli.output import Output
from sonicforge_studio.cli.tables import clock

if TYPE_CHECKING:
    from sonicforge_studio.domain import Neural
    from sonicforge_studio.studio.models import Outlook

Model = Annotated[
    str | None, typer.Option("--model", help="A neural engine's model: its name, or its folder.", show_default=False)
]
Melody = Annotated[
    Path | None, typer.Option("--melody", help="Sound whose tune a melody model follows.", show_default=False)
]
Continues = Annotated[
    Path | None, typer.Option("--continue", help="Sound that the piece begins with.", show_default=False)
]
Guidance = Annotated[float, typer.Option("--guidance", help="How much the text counts, 1 to 10; 1 is twice as quick.")]
Temperature = Annotated[float, typer.Option("--temperature", help="0.05 safe to 3 wild.")]
TopK = Annotated[int, typer.Option("--top-k", help="Draw from so many of the likeliest codes; 0 for all.")]
TopP = Annotated[float, typer.Option("--top-p", help="Draw from the likeliest with this probability; 0 for all.")]
PrecisionName = Annotated[str, typer.Option("--precision", help="auto, float32, bfloat16 or int8.")]
DeviceName = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]


def neural_of(
    model: str | None,
    guidance: float,
    temperature: float,
    top_k: int,
    top_p: float,
    melody: Path | None,
    continues: Path | None,
    precision: str,
    device: str,
) -> Callable[[], Neural]:
    """Made where an error of it is told as one."""

    def make() -> Neural:
        from sonicforge_studio.domain import HeardSound, Neural, Sampling

        return Neural(
            model=model or "",
            precision=cast(Any, precision),
            device=cast(Any, device),
            sampling=Sampling(guidance=guidance, temperature=temperature, top_k=top_k, top_p=top_p),
            melody=HeardSound(str(melody.absolute())) if melody else None,
            continues=HeardSound(str(continues.absolute())) if continues else None,
        )

    return make


def tell_outlook(output: Output, outlook: Outlook | None) -> None:
    """One line beside the progress: how long, how much memory, and whether that is there."""
    if outlook is None:
        return
    said = f"It will take about {clock(outlook.seconds)} and {outlook.memory_bytes / 1e9:.1f} GB of memory"
    said += "." if outlook.fits else ", more than is free: it may come out by fewer at once or a smaller model."
    if not outlook.learned:
        said += " This is a guess until a piece was made with this model here."
    output.errors.print(said, style="dim" if outlook.fits else "yellow", markup=False)
