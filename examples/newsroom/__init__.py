"""The Wenmouth Lantern: a small news site that shows consentkit at work.

Start it from the root of the repository with `python -m examples.newsroom`.
"""
