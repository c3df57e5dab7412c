"""`python -m deploy` writes what is generated: dashboards, alerts, the page of settings."""

from pathlib import Path

from deploy.alerts import rules
from deploy.configuration import page
from deploy.dashboards import dashboards

ROOT = Path(__file__).parents[1]


def generated() -> dict[Path, str]:
    """Every generated file and its content."""
    boards = {Path("deploy/grafana/dashboards", name): text for name, text in dashboards().items()}
    return boards | {
        Path("deploy/prometheus/rules.yaml"): rules(),
        Path("docs/configuration.md"): page(ROOT / "docs/configuration.md"),
    }


if __name__ == "__main__":
    for path, text in generated().items():
        (ROOT / path).write_text(text)
