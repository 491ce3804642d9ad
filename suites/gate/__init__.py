"""Gates: what a fine-tune must not change before it is merged."""
