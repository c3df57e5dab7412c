"""A product's folder is checked whole when it is loaded, and each day has its edition."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from decisioning import VERSION
from decisioning.edition import KINDS, edition_of
from decisioning.errors import InvalidProduct, NoPolicyInForce, UnknownProduct
from decisioning.product import PRODUCTS, load_product, load_products, named
from tests.factories import product_files, tiny_product, write_product
from tests.tiny_loan import EDITIONS


def test_editions(product):
    """An edition starts on each day on which rules, manual or a parameter change."""
    assert product.starts == EDITIONS
    assert product.on(date(2026, 5, 31)) is product.editions[0]
    assert product.on(date(2026, 6, 1)) is product.editions[1]
    assert [edition.values["max_service_to_income"] for edition in product.editions] == [0.6, 0.5]
    with pytest.raises(NoPolicyInForce, match="the first is from 2025-01-01"):
        product.on(date(2024, 12, 31))


def test_a_parameter_alone_makes_an_edition(tmp_path):
    """A parameter that changes between two manuals starts an edition of the same manual."""
    files = product_files()
    files["parameters.json"]["refer_amount"]["history"].append(
        {"from": "2025-07-01", "value": 15_000, "clause": "TP-7.2"}
    )
    product = load_product(write_product(tmp_path, files))
    assert product.starts == (EDITIONS[0], date(2025, 7, 1), EDITIONS[1])
    first, second, _ = product.editions
    assert (first.name, second.name) == ("2025-01-01", "2025-01-01")
    assert first.digests["parameters"] != second.digests["parameters"]
    assert first.digests["rules"] == second.digests["rules"]


def test_an_edition_from_its_artefacts(product):
    """An edition built from stored contents is the same edition."""
    for edition in product.editions:
        contents = json.loads(json.dumps(dict(edition.artefacts)))
        assert contents.keys() == set(KINDS)
        rebuilt = edition_of(contents)
        assert (rebuilt.digests, rebuilt.versions) == (edition.digests, edition.versions)


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("product.json", {"product"}),
        ("application.json", {"product"}),
        ("facts.json", {"product"}),
        ("reasons.json", {"reasons"}),
        ("averages.json", {"reasons"}),
        ("rules/2026-06-01.json", {"rules"}),
    ],
)
def test_digests_tell_what_changed(product, tmp_path, file, changed):
    """A change of one file changes the digest of its kind and no other."""
    files = product_files()
    holder = files[file][0] if isinstance(files[file], list) else files[file]
    _touch(holder)
    edition = load_product(write_product(tmp_path, files)).editions[-1]
    before = product.editions[-1].digests
    assert {kind for kind in KINDS if edition.digests[kind] != before[kind]} == changed


def _touch(holder: dict[str, Any]) -> None:
    """Change something that is said and not computed with."""
    for name in ("title", "version"):
        if name in holder:
            holder[name] += " changed"
            return
    if "fields" in holder:
        holder["fields"]["income"]["title"] += " changed"
    elif "reasons" in holder:
        holder["reasons"]["HOUSING"]["analyst"] += " changed"
    else:
        holder["nodes"][0]["name"] += " changed"


def test_the_manual_is_part_of_the_policy_version(tmp_path):
    """A changed manual of the same date is another policy."""
    folder = write_product(tmp_path)
    before = load_product(folder).editions[-1].versions.policy
    (folder / "manual" / "2026-06-01.md").write_text("Something else.")
    after = load_product(folder).editions[-1].versions.policy
    assert before != after
    assert after.startswith("2026-06-01+")


@pytest.mark.parametrize(
    ("file", "change", "problem"),
    [
        ("product.json", {"colour": "red"}, "product.json: colour: Extra inputs are not permitted"),
        (
            "product.json",
            {"timezone": "Madrid"},
            "product.json: timezone: Value error, 'Madrid' is not a time zone",
        ),
        (
            "product.json",
            {"max_reasons": 0},
            "product.json: max_reasons: Input should be greater than or equal",
        ),
        (
            "product.json",
            {"budget_s": {"total": 1, "score": 0, "price": 1}},
            "product.json: budget_s: score: Input should be greater than 0",
        ),
        (
            "product.json",
            {"score_cutoff": "refer_amount"},
            "parameters.json: refer_amount must be in force, in points",
        ),
        ("parameters.json", {"offer_valid_days": None}, "parameters.json: offer_valid_days: Input should be"),
        ("averages.json", {"computed_on": "May"}, "averages.json: computed_on: Input should be a valid date"),
    ],
)
def test_files_are_checked(tmp_path, file, change, problem):
    """A file that does not fit is named, with the place in it."""
    files = product_files()
    files[file] |= change
    with pytest.raises(InvalidProduct, match=re.escape(f"tiny/{problem}")):
        load_product(write_product(tmp_path / "tiny", files))


def test_every_product_asks_for_an_amount(tmp_path):
    """An amount that may be null is refused: a decision says back what was asked for."""
    files = product_files()
    files["application.json"]["fields"]["amount"] |= {"nullable": True}
    with pytest.raises(InvalidProduct, match=r"application\.json: every product asks for amount, a number"):
        load_product(write_product(tmp_path, files))


def test_rules_read_no_fact_that_may_be_absent(tmp_path):
    """A rule that reads what a complete application may lack is refused at load, not at the first null."""
    files = product_files()
    files["application.json"]["fields"]["records"] |= {"nullable": True, "required": False}
    with pytest.raises(
        InvalidProduct, match=r"reads records, which is absent where application\.records is null"
    ):
        load_product(write_product(tmp_path, files))


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("product.json", "{", "product.json: Expecting property name"),
        ("product.json", '{"name": "a", "name": "b"}', "product.json: 'name' stands twice"),
        ("parameters.json", '{"a": NaN}', "parameters.json: NaN is not a number"),
        ("parameters.json", "[]", "parameters.json: Input should be a valid dictionary"),
        ("rules/soon.json", "{}", "rules/soon.json: its name must be the date"),
        ("manual/2026-06-01.md", b"\xff\xfe", "manual/2026-06-01.md: cannot be read"),
    ],
)
def test_unreadable_files(tmp_path, name, text, problem):
    """What cannot be read without ambiguity is named."""
    folder = write_product(tmp_path / "tiny")
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InvalidProduct, match=re.escape(f"tiny/{problem}")):
        load_product(folder)


@pytest.mark.parametrize("gone", ["product.json", "facts.json", "manual/*", "rules/*"])
def test_a_lost_file(tmp_path, gone):
    """A file that is not there is named."""
    folder = write_product(tmp_path / "tiny")
    for path in folder.glob(gone):
        path.unlink()
    with pytest.raises(InvalidProduct, match=gone.removesuffix("*")):
        load_product(folder)


def test_load_products(tmp_path):
    """Folders of products and products' own folders both do; two of one name do not."""
    one = tiny_product(tmp_path / "many").folder
    assert load_products([one.parent]).keys() == load_products([one]).keys() == {"tiny-loan"}
    with pytest.raises(InvalidProduct, match="another folder already has the product tiny-loan"):
        load_products([one.parent, one])
    with pytest.raises(InvalidProduct, match=r"holds no product\.json"):
        load_products([tmp_path / "none"])


def test_named(product):
    """An unknown product is named, beside those there are."""
    products = {product.name: product}
    assert named(products, "tiny-loan") is product
    with pytest.raises(UnknownProduct, match="there is no product 'other'; there are tiny-loan"):
        named(products, "other")


def test_manuals(product):
    """The manual's files are known by the day they are in force from."""
    assert list(product.manuals()) == list(EDITIONS)


def test_the_products_that_come_with_credence():
    """Every product in the repository loads, every edition of it."""
    assert "consumer-loan" in load_products([PRODUCTS])


def test_version():
    """The version stored with a decision is the package's."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
