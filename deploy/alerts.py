"""Prometheus's recording rules and alerts: burn rates of three objectives, and what burns before they do.

An objective's budget is the share that may go wrong in 30 days. Burning it 14.4 times as fast as that
for an hour costs 2 % of it, 6 times for six hours 5 %, 3 times for a day 10 %, at the budget's own pace
for three days 10 %; the short window ends an alert soon after the trouble does (Site Reliability
Workbook, chapter 5).
"""

from dataclasses import dataclass
from typing import Any, Final

import yaml

RUNBOOK: Final = "docs/operations.md"
WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
BURNS: Final = (
    ("page", 14.4, "1h", "5m", "2m"),
    ("page", 6.0, "6h", "30m", "15m"),
    ("ticket", 3.0, "1d", "2h", "1h"),
    ("ticket", 1.0, "3d", "6h", "3h"),
)
POSTS: Final = 'http_route="/v1/decisions",http_request_method="POST"'
LLM_CALLS: Final = "gen_ai_client_operation_duration_seconds_count"
APPROVED: Final = 'credit_decisions_total{credit_decision_outcome="approve"}'
TOTAL: Final = 'credit_stage="total"'


@dataclass(frozen=True)
class Objective:
    """What share of what may be bad; `{w}` is filled with a window."""

    name: str
    budget: float
    bad: str
    all: str
    summary: str
    anchor: str

    @property
    def record(self) -> str:
        """The name of its recorded share, without the window."""
        return f"credence:{self.name}_bad:ratio_rate"


OBJECTIVES: Final = (
    Objective(
        "availability",
        0.001,
        f'sum(rate(http_server_request_duration_seconds_count{{{POSTS},http_response_status_code=~"5.."}}[{{w}}]))',
        f"sum(rate(http_server_request_duration_seconds_count{{{POSTS}}}[{{w}}]))",
        "Decisions fail (5xx): the 99.9 % objective burns",
        "decisions-fail",
    ),
    Objective(
        "latency",
        0.01,
        f"sum(rate(credit_decision_duration_seconds_count{{{TOTAL}}}[{{w}}]))"
        f' - sum(rate(credit_decision_duration_seconds_bucket{{{TOTAL},le="2.5"}}[{{w}}]))',
        f"sum(rate(credit_decision_duration_seconds_count{{{TOTAL}}}[{{w}}]))",
        "Decisions take more than 2.5 s: the 99 % objective burns",
        "decisions-are-slow",
    ),
    Objective(
        "words",
        0.05,
        'sum(rate(credit_explanations_total{credit_explanation_status="fallback"}[{w}]))',
        "sum(rate(credit_explanations_total[{w}]))",
        "Explanations fall back: the 95 % objective burns",
        "explanations-fall-back",
    ),
)


@dataclass(frozen=True)
class Cause:
    """An alert on a cause: it tells where to look before an objective is gone."""

    name: str
    expr: str
    lasts: str
    severity: str
    summary: str
    anchor: str


CAUSES: Final = (
    Cause(
        "CredenceDown",
        'up{job="credence"} == 0',
        "1m",
        "page",
        "A service does not answer its scrape",
        "service-is-down",
    ),
    Cause(
        "CredenceModelApiFails",
        'sum by (credit_model) (rate(credit_model_calls_total{credit_result!="ok"}[5m]))'
        " / (sum by (credit_model) (rate(credit_model_calls_total[5m])) > 0) > 0.1",
        "5m",
        "page",
        "The {{ $labels.credit_model }} API fails: decisions are referred to people or refused",
        "a-model-api-fails",
    ),
    Cause(
        "CredenceLlmFails",
        f'sum by (gen_ai_request_model) (rate({LLM_CALLS}{{error_type!=""}}[10m]))'
        f" / (sum by (gen_ai_request_model) (rate({LLM_CALLS}[10m])) > 0) > 0.2",
        "10m",
        "ticket",
        "The LLM {{ $labels.gen_ai_request_model }} fails: the deterministic writer writes",
        "explanations-fall-back",
    ),
    Cause(
        "CredenceDatabasePoolFull",
        'sum by (instance) (db_client_connection_count{db_client_connection_state="used"})'
        " / sum by (instance) (db_client_connection_max) > 0.9",
        "5m",
        "ticket",
        "Nearly every database connection of {{ $labels.instance }} is in use",
        "decisions-are-slow",
    ),
    Cause(
        "CredenceEventLoopLags",
        "max by (instance) (credit_loop_lag_seconds) > 0.5",
        "5m",
        "ticket",
        "A worker of {{ $labels.instance }} has more to do than a core can",
        "decisions-are-slow",
    ),
    Cause(
        "CredenceSearchesFindNothing",
        'sum(rate(credit_retrieval_duration_seconds_count{credit_result="empty"}[30m]))'
        " / (sum(rate(credit_retrieval_duration_seconds_count[30m])) > 0) > 0.05",
        "30m",
        "ticket",
        "Searches of the policy find nothing",
        "searches-find-nothing",
    ),
    Cause(
        "CredenceOutcomesShift",
        f"abs(sum(rate({APPROVED}[6h])) / sum(rate(credit_decisions_total[6h]))"
        f" - sum(rate({APPROVED}[7d])) / sum(rate(credit_decisions_total[7d]))) > 0.15"
        " and sum(increase(credit_decisions_total[6h])) > 200",
        "1h",
        "ticket",
        "The share of approvals of the last six hours differs from the week's by more than 15 points",
        "outcomes-shift",
    ),
)


def rules() -> str:
    """The content of prometheus/rules.yaml."""
    groups = [{"name": f"credence-{o.name}", "rules": [*_records(o), *_burns(o)]} for o in OBJECTIVES]
    groups.append({"name": "credence-causes", "rules": [_cause(cause) for cause in CAUSES]})
    head = "# Written by `python -m deploy`; the source is deploy/alerts.py.\n"
    return head + str(yaml.safe_dump({"groups": groups}, sort_keys=False, width=110))


def _records(objective: Objective) -> list[dict[str, Any]]:
    found = []
    for window in WINDOWS:
        bad, every = objective.bad.replace("{w}", window), objective.all.replace("{w}", window)
        found.append(
            {"record": f"{objective.record}{window}", "expr": f"(({bad}) or vector(0)) / ({every} > 0)"}
        )
    return found


def _burns(objective: Objective) -> list[dict[str, Any]]:
    name = "Credence" + objective.name.capitalize() + "Burns"
    return [
        {
            "alert": name,
            "expr": f"{objective.record}{long} > {_limit(speed, objective)}"
            f" and {objective.record}{short} > {_limit(speed, objective)}",
            "for": lasts,
            "labels": {"severity": severity, "long_window": long},
            "annotations": _annotations(
                f"{objective.summary} {speed:g} times too fast over {long}", objective.anchor
            ),
        }
        for severity, speed, long, short, lasts in BURNS
    ]


def _limit(speed: float, objective: Objective) -> str:
    return f"{speed * objective.budget:.6g}"


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "alert": cause.name,
        "expr": cause.expr,
        "for": cause.lasts,
        "labels": {"severity": cause.severity},
        "annotations": _annotations(cause.summary, cause.anchor),
    }


def _annotations(summary: str, anchor: str) -> dict[str, str]:
    return {"summary": summary, "runbook": f"{RUNBOOK}#{anchor}"}
