"""Every Eval Ever JSON (schema 0.2.1) of one run: the overall rate and each category's, with intervals."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from visioneval.aggregate import Rate
from visioneval.compare import GradedRun
from visioneval.types import Run

SCHEMA_VERSION = "0.2.1"


def to_every_eval_ever(run: GradedRun) -> bytes:
    """Write one run. Scores are shares of 1; times are Unix seconds, as the schema asks."""
    of, summary = run.summary.run, run.summary
    started = str(int(datetime.fromisoformat(of.started).timestamp()))
    rates = {"overall": summary.overall, **summary.by_category}
    document = {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"{of.suite}/{of.condition.model}/{of.id}",
        "evaluation_timestamp": started,
        "retrieved_timestamp": started,
        "source_metadata": {
            "source_name": "visioneval",
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "third_party",
        },
        "eval_library": {
            "name": "visioneval",
            "version": of.versions.get("visioneval", "unknown"),
            "additional_details": {"grader_version": summary.grader_version or "none"},
        },
        "model_info": _model(of),
        "evaluation_results": [_result(run, name, rate) for name, rate in rates.items()],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _model(run: Run) -> dict[str, Any]:
    card = run.card
    model: dict[str, Any] = {
        "name": card.label or card.name,
        "id": card.model_id or card.name,
        "inference_platform": card.provider,
        "additional_details": {"condition": run.condition.label},
    }
    return model | ({"developer": card.organisation} if card.organisation else {})


def _result(run: GradedRun, name: str, rate: Rate) -> dict[str, Any]:
    of = run.summary.run
    settings = of.condition.settings
    arguments: dict[str, Any] = {"temperature": settings.temperature}
    if settings.max_output_tokens is not None:
        arguments["max_tokens"] = settings.max_output_tokens
    return {
        "evaluation_name": name,
        "source_data": {
            "dataset_name": of.suite,
            "source_type": "other",
            "additional_details": {"sha256": of.suite_sha256},
        },
        "metric_config": {
            "evaluation_description": "share of prompts passed, of all that were planned",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": 1,
        },
        "score_details": {
            "score": rate.value,
            "details": {"passes": str(rate.passes), "n": str(rate.n), **_coverage(run)},
            "uncertainty": {
                "confidence_interval": {
                    "lower": rate.low,
                    "upper": rate.high,
                    "confidence_level": 0.95,
                    "method": rate.method,
                },
                "num_samples": rate.n,
            },
        },
        "generation_config": {
            "generation_args": arguments,
            "additional_details": {
                "blind": str(of.condition.blind).lower(),
                "effort": settings.effort or "default",
            },
        },
    }


def _coverage(run: GradedRun) -> dict[str, str]:
    coverage = run.summary.coverage
    return {"run_verdicts": str(coverage.verdicts), "suite_size": str(coverage.suite)}
