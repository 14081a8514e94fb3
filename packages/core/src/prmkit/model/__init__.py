"""Models: folders, backbones, heads, and the PRM that puts them together."""
