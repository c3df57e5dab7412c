"""Debian's Prometheus, run on a service: what it scrapes, evaluates and answers."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.e2e.processes import ROOT, until

RULES = ROOT / "deploy/prometheus/rules.yaml"
CONFIGURATION = ROOT / "deploy/prometheus/prometheus.yaml"
ABSENT = "no prometheus here: `apt-get install prometheus` brings it"


def is_installed() -> bool:
    """Whether there is one on this machine."""
    return shutil.which("prometheus") is not None


@dataclass(frozen=True)
class Prometheus:
    """A running server."""

    url: str

    def _get(self, path: str, **parameters: str) -> Any:
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=30, trust_env=False).json()
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant query."""
        result: list[dict[str, Any]] = self._get("query", query=expression)["result"]
        return result

    def rules(self) -> list[dict[str, Any]]:
        """Every rule with its health."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def traces(self, metric: str) -> set[str]:
        """The traces that the exemplars of a metric name."""
        series = self._get("query_exemplars", query=metric, start="0", end="9999999999")
        return {each["labels"]["trace_id"] for found in series for each in found["exemplars"]}

    def is_up(self) -> bool:
        """Whether the service was scraped; a server that still starts says 503 in plain text."""
        try:
            if not httpx.get(f"{self.url}/-/ready", trust_env=False).is_success:
                return False
            return any(float(each["value"][1]) == 1 for each in self.query('up{job="credence"}'))
        except httpx.TransportError:
            return False


@contextmanager
def prometheus(folder: Path, service_url: str) -> Iterator[Prometheus]:
    """The deployment's configuration and rules on that service, scraped and evaluated each second."""
    folder.mkdir()
    configuration = yaml.safe_load(CONFIGURATION.read_text())
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["rule_files"] = [str(RULES)]
    [job] = configuration["scrape_configs"]
    job["static_configs"] = [{"targets": [service_url.removeprefix("http://")]}]
    path = folder / "prometheus.json"
    path.write_text(json.dumps(configuration))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={path}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={address}",
                "--enable-feature=exemplar-storage",
            ],
            stdout=log,
            stderr=log,
        )
    server = Prometheus(f"http://{address}")
    try:
        until(server.is_up, 30)
        yield server
    finally:
        process.terminate()
        process.wait(20)
