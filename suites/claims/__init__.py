"""Claims: findings of papers as tests, on recorded data or on the models of a run."""
