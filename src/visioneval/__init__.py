"""visioneval: which vision model to trust with your work, and what it will cost."""

__version__ = "0.1.0"
