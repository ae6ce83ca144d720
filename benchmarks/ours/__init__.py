"""The bridge's own pieces, put together for a comparison that the whole bridge does not allow."""
