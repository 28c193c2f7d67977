"""The live picture of `fab status --watch --web`: a page on a port of the loopback. Loaded only for it."""
