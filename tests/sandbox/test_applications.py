"""The sandbox's applications: what the file says, in the product's words."""

import hashlib
from collections import Counter

from app.sandbox.applications import CREDIT_DATA, sample_applications


def test_the_file_is_the_one_its_origin_describes():
    """ORIGIN.md names the sha256 of the data beside it."""
    origin = (CREDIT_DATA.parent / "ORIGIN.md").read_text(encoding="utf-8")
    assert hashlib.sha256(CREDIT_DATA.read_bytes()).hexdigest() in origin


def test_every_row_is_read_with_its_gaps():
    """4,454 rows, 1,254 of them bad, each gap of the file a None and nothing else."""
    samples = sample_applications()
    gaps = Counter(name for each in samples for name, value in each.application.items() if value is None)
    assert (len(samples), sum(each.bad for each in samples)) == (4454, 1254)
    assert gaps == {"income": 381, "assets": 47, "debt": 18, "home": 6, "job": 2}
    assert {each.application["home"] for each in samples} == {
        "owner", "rent", "parents", "private", "other", "ignore", None
    }  # fmt: skip


def test_an_application_carries_nothing_prohibited():
    """Age, marital status and the label stand beside an application, never in it."""
    assert {name for each in sample_applications() for name in each.application} == {
        "seniority_years", "home", "term_months", "records", "job",
        "expenses", "income", "assets", "debt", "amount", "price",
    }  # fmt: skip


def test_the_held_out_rows_are_frozen():
    """The held-out fifth is the same 881 rows for ever: it hangs on the row's id alone."""
    rows = [each.row for each in sample_applications() if each.held_out]
    digest = hashlib.sha256(",".join(map(str, rows)).encode()).hexdigest()
    assert (len(rows), digest[:16]) == (881, "288debd0de19ee36")


def test_external_ids_are_unique():
    """Each application can be posted under a name of its own."""
    assert len({each.external_id for each in sample_applications()}) == 4454
