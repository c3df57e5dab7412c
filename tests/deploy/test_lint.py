"""What cannot be run here is read by the tools that know its rules."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import PREFIX, Settings
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"


def loaded(path: Path) -> Any:
    """A YAML file."""
    return yaml.safe_load(path.read_text())


def passes(*command: str) -> None:
    """Run a tool of this environment; it must find nothing."""
    tool = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
    found = subprocess.run(tool, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_compose_keeps_to_the_compose_specification():
    """By the specification's JSON schema."""
    passes("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE))


def test_hadolint_finds_nothing_in_the_dockerfile():
    """By hadolint, every rule on."""
    passes("hadolint", "deploy/Dockerfile")


def test_the_image_runs_as_nobody_and_is_locked():
    """Not root, dependencies by hash, a health check, nothing copied but what is named."""
    text = (DEPLOY / "Dockerfile").read_text()
    assert "\nUSER 10001\n" in text
    assert "--require-hashes" in text
    assert "\nHEALTHCHECK " in text
    assert (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()[1] == "*"
    copied = {
        line.split()[1] for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line
    }
    assert all((ROOT / each).exists() for each in copied)


def test_compose_sets_only_settings_that_exist():
    """Each CREDENCE_ variable is one, and every mounted file is there."""
    services = loaded(COMPOSE)["services"]
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    given = {name for each in services.values() for name in each.get("environment", {})}
    assert {name for name in given if name.startswith(PREFIX)} <= known
    mounts = [m.split(":")[0] for each in services.values() for m in each.get("volumes", ())]
    assert all((DEPLOY / mount).exists() for mount in mounts if mount.startswith("."))


def test_images_are_pinned():
    """Each image that is not ours has a version."""
    images = [each["image"] for each in loaded(COMPOSE)["services"].values()]
    assert all(image.rpartition(":")[2][0] in "v0123456789" for image in images if image != "credence:local")


@pytest.mark.parametrize("signal", ["traces", "logs"])
def test_the_collector_has_every_part_of_its_pipelines(signal):
    """A pipeline names receivers, processors and exporters that are configured, batching last."""
    collector = loaded(DEPLOY / "collector.yaml")
    pipeline = collector["service"]["pipelines"][signal]
    for kind in ("receivers", "processors", "exporters"):
        assert set(pipeline[kind]) <= collector[kind].keys()
    assert pipeline["processors"][0] == "memory_limiter"
    assert pipeline["processors"][-1] == "batch"


def test_every_failed_declined_and_slow_decision_is_kept():
    """The policies of tail sampling, and that what they look at is what spans say."""
    policies = loaded(DEPLOY / "collector.yaml")["processors"]["tail_sampling"]["policies"]
    kept = {policy["type"]: policy for policy in policies}
    assert kept["status_code"]["status_code"] == {"status_codes": ["ERROR"]}
    assert kept["string_attribute"]["string_attribute"]["key"] == "credit.decision.outcome"
    assert {"decline", "refer"} <= set(kept["string_attribute"]["string_attribute"]["values"])
    assert kept["latency"]["latency"] == {"threshold_ms": 2500}


def test_data_sources_lead_to_each_other():
    """Metrics to traces, traces to logs, logs to traces, each by a uid that is provisioned."""
    sources = loaded(DEPLOY / "grafana/provisioning/datasources/datasources.yaml")["datasources"]
    by_uid = {source["uid"]: source for source in sources}
    [exemplars] = by_uid["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert by_uid[exemplars["datasourceUid"]]["type"] == "tempo"
    assert by_uid[by_uid["tempo"]["jsonData"]["tracesToLogsV2"]["datasourceUid"]]["type"] == "loki"
    [derived] = by_uid["loki"]["jsonData"]["derivedFields"]
    assert by_uid[derived["datasourceUid"]]["type"] == "tempo"
    hosts = {source["url"].split("/")[2].split(":")[0] for source in sources}
    assert hosts <= loaded(COMPOSE)["services"].keys()
    for path in (DEPLOY / "grafana/dashboards").glob("*.json"):
        assert '"uid": "prometheus"' in path.read_text()
