"""From one processor to the next: what is heard at which frame, and who listens meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from sonicforge_studio.kernels.crossfade import Crossfade

RATE_HZ = 1000
FADE_FRAMES = 20
WARM_UP_FRAMES = 50
BEGINS = 100
Float32 = NDArray[np.float32]


class Echo:
    """Remembers what it heard, and sounds of it: whoever misses a frame sounds otherwise for long."""

    def __init__(self, name: str, level: float) -> None:
        self.name = name
        self.heard: list[Float32] = []
        self._level = level
        self._state = np.zeros((2, 1))

    def process(self, block: Float32) -> Float32:
        assert block.shape[1], "nothing was to be heard"
        self.heard.append(block)
        sound, self._state = scipy.signal.lfilter([self._level], [1.0, -0.99], block, zi=self._state)
        return sound.astype(np.float32)

    def whole(self) -> Float32:
        """Every frame that it heard."""
        return np.concatenate(self.heard, axis=1)


class Desk:
    """Echoes by their names, and what each was made from."""

    def __init__(self, warm_up_frames: int = WARM_UP_FRAMES) -> None:
        self.made: dict[str, Echo] = {"old": Echo("old", 1.0)}
        self.made_from: dict[str, tuple[str, int]] = {}
        """Whose state a new one began with, and how many frames that one had heard."""
        self.fade = Crossfade(RATE_HZ, self.made["old"], warm_up_seconds=warm_up_frames / RATE_HZ)

    def change(self, name: str) -> None:
        level = {"new": -0.5, "second": 2.0, "third": 0.25}[name]

        def made(before: Echo) -> Echo:
            self.made_from[name] = (before.name, sum(block.shape[1] for block in before.heard))
            self.made[name] = Echo(name, level)
            return self.made[name]

        self.fade.change(made)

    def play(self, sound: Float32, changes: Mapping[int, str], block_frames: int) -> Float32:
        """What is heard where the changes come at these frames."""
        heard, frame = [], 0
        while frame < sound.shape[1]:
            if frame in changes:
                self.change(changes[frame])
            end = min([frame + block_frames, sound.shape[1], *(at for at in changes if at > frame)])
            heard.append(self.fade.process(sound[:, frame:end]))
            frame = end
        return np.concatenate(heard, axis=1)


def noise(frames: int = 400) -> Float32:
    return np.random.default_rng(7).standard_normal((2, frames)).astype(np.float32)


def alone(level: float, sound: Float32) -> Float32:
    return Echo("", level).process(sound)


def faded(old: Float32, new: Float32) -> Float32:
    """The frame on which the fade ends is the first that is the new one's alone."""
    share = np.arange(1, FADE_FRAMES + 1) / FADE_FRAMES
    mixed: Float32 = (old * (1.0 - share) + new * share).astype(np.float32)
    return mixed


@pytest.mark.parametrize("warm_up_frames", [0, WARM_UP_FRAMES])
def test_the_old_one_alone_is_heard_until_the_new_one_is_warm(warm_up_frames: int) -> None:
    desk, sound = Desk(warm_up_frames), noise()
    heard = desk.play(sound, {BEGINS: "new"}, 400)
    fades = BEGINS + warm_up_frames
    over = fades + FADE_FRAMES
    old = alone(1.0, sound)
    new = np.pad(alone(-0.5, sound[:, BEGINS:]), ((0, 0), (BEGINS, 0)))
    assert heard[:, :fades].tobytes() == old[:, :fades].tobytes()
    assert heard[:, fades:over].tobytes() == faded(old[:, fades:over], new[:, fades:over]).tobytes()
    assert heard[:, over - 1 :].tobytes() == new[:, over - 1 :].tobytes()
    # Both hear every frame of their time, and none beside it.
    assert desk.made["old"].whole().tobytes() == sound[:, :over].tobytes()
    assert desk.made["new"].whole().tobytes() == sound[:, BEGINS:].tobytes()


def test_it_is_settled_with_the_frame_on_which_the_fade_ends() -> None:
    desk, sound = Desk(), noise()
    assert desk.fade.settled
    desk.change("new")
    for frame in range(WARM_UP_FRAMES + FADE_FRAMES):
        assert not desk.fade.settled
        assert (desk.fade.current.name, desk.fade.newest.name) == ("old", "new")
        desk.fade.process(sound[:, frame : frame + 1])
    assert desk.fade.settled
    assert desk.fade.current is desk.fade.newest is desk.made["new"]


@pytest.mark.parametrize("block_frames", [1, 7, FADE_FRAMES, WARM_UP_FRAMES, 64, 128])
def test_blocks_of_any_size_give_the_same_samples(block_frames: int) -> None:
    sound = noise()
    # One in the warm-up, one in the fade of what waited.
    changes = {BEGINS: "new", BEGINS + 20: "second", BEGINS + 130: "third"}
    whole = Desk().play(sound, changes, 400)
    assert Desk().play(sound, changes, block_frames).tobytes() == whole.tobytes()
    over = BEGINS + 3 * (WARM_UP_FRAMES + FADE_FRAMES)
    begins = over - WARM_UP_FRAMES - FADE_FRAMES
    assert whole[:, over:].tobytes() == alone(0.25, sound[:, begins:])[:, over - begins :].tobytes()


def test_what_comes_in_the_warm_up_waits_and_of_several_the_last_is_done() -> None:
    desk, sound = Desk(), noise()
    heard = desk.play(sound, {BEGINS: "new", BEGINS + 20: "second", BEGINS + 40: "third"}, 33)
    turn = BEGINS + WARM_UP_FRAMES + FADE_FRAMES
    fades = turn + WARM_UP_FRAMES
    over = fades + FADE_FRAMES
    # The first goes its way as if nothing had come, up to the frame on which the last one begins to listen.
    undisturbed = Desk().play(sound, {BEGINS: "new"}, 33)
    assert heard[:, :fades].tobytes() == undisturbed[:, :fades].tobytes()
    third = np.pad(alone(0.25, sound[:, turn:]), ((0, 0), (turn, 0)))
    assert heard[:, fades:over].tobytes() == faded(undisturbed[:, fades:over], third[:, fades:over]).tobytes()
    assert heard[:, over:].tobytes() == third[:, over:].tobytes()
    assert desk.made["third"].whole().tobytes() == sound[:, turn:].tobytes()
    # From the state of the one that is heard when its turn comes; the one between was never made.
    assert desk.made_from == {"new": ("old", BEGINS), "third": ("new", turn - BEGINS)}
    assert desk.fade.settled
    assert desk.fade.current is desk.made["third"]
