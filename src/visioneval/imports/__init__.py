"""Recorded replies from elsewhere become run folders: graded here, shown and compared like any other run.

`replies` (a JSONL or CSV file for a suite of ours), `checkup` (a folder in the layout of the public Vision
AI Checkup), `inspect` (an Inspect AI log). What cannot be read is an error or a remark, never dropped in
silence.
"""

from visioneval.imports.source import Import, Recorded
from visioneval.imports.take import import_source, store

__all__ = ["Import", "Recorded", "import_source", "store"]
