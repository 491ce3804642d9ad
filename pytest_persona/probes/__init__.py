"""How items are asked and scored, one file per axis."""
