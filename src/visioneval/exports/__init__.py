"""Runs in the formats of other tools: tables, JUnit XML, Every Eval Ever JSON, Inspect logs."""

from visioneval.exports.every_eval import to_every_eval_ever
from visioneval.exports.inspect_log import to_inspect
from visioneval.exports.junit import to_junit
from visioneval.exports.table import to_csv, to_parquet

__all__ = ["to_csv", "to_every_eval_ever", "to_inspect", "to_junit", "to_parquet"]
