"""Grafana's dashboards, from `deploy.panels`."""

from typing import Any

import orjson
from grafana_foundation_sdk.builders import dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from deploy.panels import BOARDS, Board, Panel

SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")


def dashboards() -> dict[str, str]:
    """The content of each file of grafana/dashboards, by its name."""
    return {f"{board.uid}.json": _text(_board(board)) for board in BOARDS}


def _text(built: Any) -> str:
    plain = orjson.loads(JSONEncoder(sort_keys=True).encode(built))
    return orjson.dumps(plain, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def _board(board: Board) -> Any:
    job = (
        dashboard.QueryVariable("job")
        .label("job")
        .datasource(SOURCE)
        .query("label_values(credit_decisions_total, job)")
    )
    builder = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .tags(["credence"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .with_variable(job)
    )
    for panel in board.panels:
        builder = builder.with_panel(_panel(panel))
    return builder.build()


def _panel(panel: Panel) -> Any:
    builder = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.what)
        .unit(panel.unit)
        .datasource(SOURCE)
        .min(0)
        .span(12)
        .height(8)
    )
    for place, query in enumerate(panel.queries):
        builder = builder.with_target(
            prometheus.Dataquery()
            .expr(query.expr)
            .legend_format(query.legend)
            .exemplar(panel.exemplars)
            .ref_id(chr(ord("A") + place))
        )
    return builder
