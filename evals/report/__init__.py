"""A run told four ways: JSON and JUnit for programs, Markdown for a review, one HTML page for a person."""

from evals.report.told import Told, worst_cases, written

__all__ = ["Told", "worst_cases", "written"]
