"""JUnit XML, which continuous integration shows: one test suite a run, one test case a prompt and epoch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from visioneval.answers import key_text
from visioneval.compare import GradedRun
from visioneval.types import VERDICT_OUTCOMES, GradedRecord

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(runs: Sequence[GradedRun]) -> bytes:
    """Write the runs: a verdict other than pass is a failure, a missing one an error, a skipped one skipped."""
    root = Element("testsuites", name="visioneval")
    for run in runs:
        _suite(root, run)
    indent(root)
    return str(tostring(root, encoding="unicode", xml_declaration=False)).join([DECLARATION, "\n"]).encode()


def _suite(root: Element, run: GradedRun) -> None:
    summary = run.summary
    outcomes = summary.outcomes
    failures = sum(outcomes[outcome] for outcome in VERDICT_OUTCOMES) - outcomes["pass"]
    suite = SubElement(
        root,
        "testsuite",
        name=_text(summary.label),
        timestamp=summary.run.started,
        tests=str(len(run.graded)),
        failures=str(failures),
        errors=str(outcomes["error"] + outcomes["ungraded"]),
        skipped=str(outcomes["skipped"]),
    )
    suite.attrib |= _time([_seconds(entry) for entry in run.graded])
    for entry in run.graded:
        _case(suite, entry, summary.run.epochs)


def _case(suite: Element, entry: GradedRecord, epochs: int) -> None:
    name = entry.prompt.id if epochs == 1 else f"{entry.prompt.id} epoch {entry.epoch + 1}"
    attributes = {"classname": _text(entry.prompt.category), "name": _text(name), **_time([_seconds(entry)])}
    case = SubElement(suite, "testcase", attributes)
    verdict = entry.verdict
    if verdict.outcome == "skipped":
        SubElement(case, "skipped", message=_text(verdict.note))
    elif verdict.outcome != "pass":
        tag = "failure" if verdict.outcome in VERDICT_OUTCOMES else "error"
        message = f"{verdict.outcome}: {verdict.extracted or verdict.note}"
        if tag == "failure":
            message += f" (expected {key_text(entry.prompt.answer)})"
        SubElement(case, tag, type=verdict.outcome, message=_text(message)).text = _text(verdict.note)
    if entry.record is not None and entry.record.reply is not None:
        SubElement(case, "system-out").text = _text(entry.record.reply.text)


def _seconds(entry: GradedRecord) -> float | None:
    """Return how long an answer took; None when there is none, or that was not measured."""
    reply = entry.record.reply if entry.record else None
    return reply.timing.service_s if reply else None


def _time(seconds: Sequence[float | None]) -> dict[str, str]:
    """Return the attribute `time`; none where no time was measured."""
    known = [value for value in seconds if value is not None]
    return {"time": f"{sum(known):.3f}"} if known else {}


def _text(text: str) -> str:
    """Replace what XML cannot hold."""
    return NOT_XML.sub("\ufffd", text)
