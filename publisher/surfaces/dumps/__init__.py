"""The dumps surface: whole kinds to download, in parts that can be replaced.

Directory of one tier: `trees/<n>` and `current` as feeds have them; `docs/decisions/0012` has
the layout.
Source: docs/design/surfaces.md "Downloads".
"""

from publisher.surfaces.dumps.addresses import DumpConfig
from publisher.surfaces.dumps.reader import DumpFile, DumpReader
from publisher.surfaces.dumps.surface import DumpSurface

__all__ = ["DumpConfig", "DumpFile", "DumpReader", "DumpSurface"]
