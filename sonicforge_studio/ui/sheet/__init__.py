"""A forged piece opened: its form, chords and parts over time, each with its fader, to be looked at and rewritten."""
