"""The peers' side: one module a peer, each run in an environment of its own, speaking JSON lines.

Nothing in this folder imports the project's dependencies, nor the project more than this folder.
"""
