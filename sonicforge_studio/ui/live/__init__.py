"""The live views: painted from the newest snapshot at the screen's pace."""
