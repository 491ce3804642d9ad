"""From records to what people and machines read. Reads records only."""
