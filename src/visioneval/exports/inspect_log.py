"""An Inspect AI log (JSON, version 2) of one run, which `inspect view` and its tools read."""

from __future__ import annotations

import json
from typing import Any

from visioneval.answers import key_text
from visioneval.compare import GradedRun
from visioneval.types import VERDICT_OUTCOMES, GradedRecord, Reply, Usage

STOPS = {"stop": "stop", "length": "max_tokens", "refusal": "content_filter", "content_filter": "content_filter"}


def to_inspect(run: GradedRun) -> bytes:
    """Write one run as an Inspect log: the verdict is the score C or I, with our rule in its metadata."""
    of, summary = run.summary.run, run.summary
    model = of.condition.model
    missing = summary.outcomes["error"] + summary.outcomes["skipped"]
    document = {
        "version": 2,
        "status": "success",
        "eval": {
            "created": of.started,
            "task": of.suite,
            "task_id": of.id,
            "run_id": of.id,
            "eval_id": of.id,
            "task_version": 0,
            "dataset": {"name": of.suite, "samples": len(run.by_prompt), "sample_ids": list(run.by_prompt)},
            "model": model,
            "config": {"epochs": of.epochs},
            "packages": of.versions,
            "metadata": {"suite_sha256": of.suite_sha256, "condition": of.condition.label},
        },
        "plan": {"name": "plan", "steps": [{"solver": "visioneval", "params": {}}], "config": {}},
        "results": {
            "total_samples": len(run.graded),
            "completed_samples": len(run.graded) - missing,
            "scores": [
                {
                    "name": "visioneval",
                    "scorer": "visioneval",
                    "params": {},
                    "metrics": {
                        "accuracy": {"name": "accuracy", "value": summary.overall.value, "params": {}},
                        "wilson_low": {"name": "wilson_low", "value": summary.overall.low, "params": {}},
                        "wilson_high": {"name": "wilson_high", "value": summary.overall.high, "params": {}},
                    },
                }
            ],
        },
        "stats": {"started_at": of.started, "completed_at": of.started, "model_usage": {}},
        "samples": [_sample(entry, model) for entry in run.graded],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _sample(entry: GradedRecord, model: str) -> dict[str, Any]:
    prompt, verdict = entry.prompt, entry.verdict
    reply = entry.record.reply if entry.record else None
    image = {"type": "image", "image": prompt.image, "detail": "auto"}
    content = [image, {"type": "text", "text": prompt.question}]
    user = {"role": "user", "content": content, "source": "input"}
    sample: dict[str, Any] = {
        "id": prompt.id,
        "epoch": entry.epoch + 1,
        "input": [user],
        "target": key_text(prompt.answer),
        "metadata": {"category": prompt.category, "title": prompt.title},
        "store": {},
        "events": [],
        "attachments": {},
        "messages": [user],
        "model_usage": {},
        "scores": {},
        "output": {"model": model, "choices": []},
    }
    if reply is not None:
        answer = {"role": "assistant", "content": reply.text, "source": "generate", "model": model}
        sample["messages"] = [user, answer]
        sample["output"] = _output(reply, answer, model)
        sample["scores"] = {"visioneval": _score(entry)} if entry.verdict.outcome in VERDICT_OUTCOMES else {}
    else:
        sample["error"] = {"message": verdict.note or verdict.rule, "traceback": "", "traceback_ansi": ""}
    return sample


def _score(entry: GradedRecord) -> dict[str, Any]:
    verdict = entry.verdict
    return {
        "value": "C" if verdict.outcome == "pass" else "I",
        "answer": verdict.extracted,
        "explanation": verdict.note or verdict.rule,
        "metadata": {
            "outcome": verdict.outcome,
            "rule": verdict.rule,
            "grader_version": verdict.grader_version,
        },
    }


def _output(reply: Reply, message: dict[str, Any], model: str) -> dict[str, Any]:
    output: dict[str, Any] = {
        "model": reply.model_returned or model,
        "choices": [{"message": message, "stop_reason": STOPS.get(reply.stop, "unknown")}],
        "time": reply.timing.service_s,
    }
    if reply.usage.input_tokens is not None and reply.usage.output_tokens is not None:
        output["usage"] = _usage(reply.usage)
    return output


def _usage(usage: Usage) -> dict[str, Any]:
    """Return the usage in Inspect's terms, where the input tokens leave the cached ones out."""
    cached, written = usage.cached_input_tokens or 0, usage.cache_write_tokens or 0
    given, said = usage.input_tokens or 0, usage.output_tokens or 0
    return {
        "input_tokens": given - cached - written,
        "output_tokens": said,
        "total_tokens": given + said,
        "input_tokens_cache_read": usage.cached_input_tokens,
        "input_tokens_cache_write": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }
