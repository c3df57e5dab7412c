"""The four dashboards as data: what each panel asks of Prometheus, in which unit."""

from dataclasses import dataclass
from typing import Final

from deploy.promql import JOB, RATE, Query, each, quantiles, share, total


@dataclass(frozen=True)
class Panel:
    """One picture; `exemplars` shows the traces behind it, `sparse` may have no data on a good day."""

    title: str
    unit: str
    queries: tuple[Query, ...]
    what: str = ""
    exemplars: bool = False
    sparse: bool = False


@dataclass(frozen=True)
class Board:
    """A dashboard: its uid, its title and its panels, two a row."""

    uid: str
    title: str
    panels: tuple[Panel, ...]


REQUESTS: Final = "http_server_request_duration_seconds"
STAGES: Final = "credit_decision_duration_seconds"
ROUTE: Final = "http_route"
STATUS: Final = "http_response_status_code"
MODEL: Final = "gen_ai_request_model"
EXPLAINED: Final = "credit_explanations_total"

SERVICE: Final = Board(
    "credence-service",
    "Credence: service",
    (
        Panel("Requests a second", "reqps", (Query(total(f"{REQUESTS}_count", ROUTE), "{{http_route}}"),)),
        Panel(
            "Share of requests that failed (5xx)",
            "percentunit",
            (
                Query(
                    share(
                        total(f"{REQUESTS}_count", ROUTE, f'{STATUS}=~"5.."'),
                        total(f"{REQUESTS}_count", ROUTE),
                    ),
                    "{{http_route}}",
                ),
            ),
            "A caller that hung up (499) is no failure of the service.",
        ),
        Panel("Duration of requests", "s", quantiles(f"{REQUESTS}", ROUTE), exemplars=True),
        Panel(
            "Duration of a decision by stage (p99)",
            "s",
            quantiles(STAGES, "credit_stage")[1:],
            "`store` waits for its commit; `total` is the whole decision without HTTP.",
            exemplars=True,
        ),
        Panel(
            "Calls to the model APIs by result",
            "ops",
            (
                Query(
                    total("credit_model_calls_total", "credit_model, credit_result"),
                    "{{credit_model}} {{credit_result}}",
                ),
            ),
        ),
        Panel(
            "Model APIs left alone or back, and calls made again",
            "ops",
            (
                *each("credit_model_breaker_changes_total", "credit_model", "credit_state"),
                *each("credit_model_repeats_total", "credit_model", "credit_why"),
            ),
            sparse=True,
        ),
        Panel(
            "Requests refused before any work",
            "ops",
            each("credit_requests_refused_total", "credit_why"),
            "The service protects itself: it has more to do than it can end in time.",
            sparse=True,
        ),
        Panel(
            "Saturation: database connections in use",
            "percentunit",
            (
                Query(
                    f'sum(db_client_connection_count{{{JOB},db_client_connection_state="used"}})'
                    f" / sum(db_client_connection_max{{{JOB}}})",
                    "in use",
                ),
            ),
            "Near 1 decisions queue for the store.",
        ),
        Panel(
            "Saturation: requests under way, CPU",
            "short",
            (
                Query(f"sum(http_server_active_requests{{{JOB}}})", "requests"),
                Query(total("process_cpu_time_seconds_total", ""), "CPU cores"),
            ),
        ),
        Panel(
            "Saturation: event loop lag",
            "s",
            (Query(f"max(credit_loop_lag_seconds{{{JOB}}})", "lag"),),
            "How late a timer fires: above 0.1 s a worker has more to do than one core can.",
        ),
    ),
)

DECISIONS: Final = Board(
    "credence-decisions",
    "Credence: decisions",
    (
        Panel(
            "Decisions a second by outcome",
            "ops",
            (
                Query(
                    total("credit_decisions_total", "credit_decision_outcome"), "{{credit_decision_outcome}}"
                ),
            ),
        ),
        Panel(
            "Share of each outcome",
            "percentunit",
            (
                Query(
                    f"{total('credit_decisions_total', 'credit_decision_outcome')}"
                    f" / scalar({total('credit_decisions_total', '')} > 0)",
                    "{{credit_decision_outcome}}",
                ),
            ),
        ),
        Panel(
            "Reasons given",
            "ops",
            (
                Query(
                    f"topk(12, {total('credit_reasons_total', 'credit_reason_code')})",
                    "{{credit_reason_code}}",
                ),
            ),
        ),
        Panel(
            "Score: median and 10th, 90th percentile",
            "short",
            tuple(
                Query(f"histogram_quantile({q}, {total('credit_score_bucket', 'le')})", f"p{q * 100:.0f}")
                for q in (0.1, 0.5, 0.9)
            ),
        ),
        Panel(
            "Score distribution",
            "short",
            (Query(f"sum by (le) (increase(credit_score_bucket{{{JOB}}}{RATE}))", "{{le}}"),),
            "Decisions with a score up to each bound.",
        ),
        Panel("Duration of a decision", "s", quantiles(STAGES, "", 'credit_stage="total"'), exemplars=True),
    ),
)

LLM: Final = Board(
    "credence-llm",
    "Credence: LLM",
    (
        Panel(
            "Tokens a second",
            "short",
            (
                Query(
                    total("gen_ai_client_token_usage_sum", f"{MODEL}, gen_ai_token_type"),
                    "{{gen_ai_request_model}} {{gen_ai_token_type}}",
                ),
            ),
        ),
        Panel(
            "Cost an hour",
            "currencyUSD",
            (Query(f"{total('credit_llm_cost_usd_total', MODEL)} * 3600", "{{gen_ai_request_model}}"),),
            "By the table that CREDENCE_LLM_PRICES names; a model that is not in it costs nothing here.",
        ),
        Panel(
            "Duration of a call",
            "s",
            quantiles("gen_ai_client_operation_duration_seconds", MODEL),
            exemplars=True,
        ),
        Panel(
            "Calls that failed, by error",
            "ops",
            (
                Query(
                    total("gen_ai_client_operation_duration_seconds_count", "error_type", 'error_type!=""'),
                    "{{error_type}}",
                ),
            ),
            sparse=True,
        ),
        Panel(
            "Share of explanations that fell back",
            "percentunit",
            (
                Query(
                    share(total(EXPLAINED, "", 'credit_explanation_status="fallback"'), total(EXPLAINED, "")),
                    "fallback",
                ),
            ),
        ),
        Panel(
            "Sentences that the checker refused, by kind",
            "ops",
            (
                Query(
                    total("credit_verify_problems_total", "credit_verify_problem"),
                    "{{credit_verify_problem}}",
                ),
            ),
        ),
        Panel(
            "Explanations by writer",
            "ops",
            each(EXPLAINED, "credit_writer"),
        ),
        Panel(
            "Chat turns", "ops", (Query(total("credit_answers_total", "credit_result"), "{{credit_result}}"),)
        ),
    ),
)

RETRIEVAL: Final = Board(
    "credence-retrieval",
    "Credence: retrieval",
    (
        Panel(
            "Searches a second",
            "ops",
            (Query(total("credit_retrieval_duration_seconds_count", "credit_result"), "{{credit_result}}"),),
        ),
        Panel("Duration of a search", "s", quantiles("credit_retrieval_duration_seconds"), exemplars=True),
        Panel(
            "Share of searches that found nothing",
            "percentunit",
            (
                Query(
                    share(
                        total("credit_retrieval_duration_seconds_count", "", 'credit_result="empty"'),
                        total("credit_retrieval_duration_seconds_count", ""),
                    ),
                    "empty",
                ),
            ),
            "Above 0 after an ingest: look at the edition's dates first.",
        ),
        Panel(
            "Duration of `retrieve` in a decision",
            "s",
            quantiles(STAGES, "", 'credit_stage="retrieve"'),
            "Most of it is remembered: a new snapshot of the corpus shows as a peak.",
            exemplars=True,
        ),
    ),
)

BOARDS: Final = (SERVICE, DECISIONS, LLM, RETRIEVAL)
