"""Files to hand in."""
