"""The run as JUnit XML: a suite is a test suite, a gate a test case, what was not run is skipped."""

from xml.etree import ElementTree as Xml

from evals.gates import Gate, Result
from evals.report.numerals import interval, of_gate, wanted
from evals.report.told import Told


def junit(told: Told) -> str:
    """The XML text, which CI systems read."""
    root = Xml.Element("testsuites", name="credence evals", time=f"{told.seconds:.1f}")
    for result in told.results:
        _suite(root, result)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _suite(root: Xml.Element, result: Result) -> None:
    failures = sum(not gate.passed for gate in result.gates) + (
        result.status == "failed" and not result.gates
    )
    suite = Xml.SubElement(
        root,
        "testsuite",
        name=result.suite,
        tests=str(max(1, len(result.gates))),
        failures=str(int(failures)),
        skipped=str(int(result.not_run is not None)),
        time=f"{result.run.seconds:.1f}",
    )
    if not result.gates:
        case = Xml.SubElement(suite, "testcase", classname=f"evals.{result.suite}", name="gates")
        kind, message = ("skipped", result.not_run) if result.not_run else ("failure", "no gate was measured")
        Xml.SubElement(case, kind, message=message or "")
    for gate in result.gates:
        _case(suite, result.suite, gate)


def _case(suite: Xml.Element, name: str, gate: Gate) -> None:
    case = Xml.SubElement(suite, "testcase", classname=f"evals.{name}", name=gate.name)
    if not gate.passed:
        message = f"{of_gate(gate, gate.value)} ({interval(gate)}), must be {wanted(gate)}"
        Xml.SubElement(case, "failure", message=message).text = gate.reason
