"""The demonstration: the main job on real input, over HTTP, as the callers would do it."""
