"""An edition: everything of a product that is in force on a day, compiled and checked.

It is built from artefacts (JSON contents by kind), whether these were just read from the product's
folder or come from the store, years later, for a replay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from decisioning import VERSION
from decisioning.actions import Action, check_actions
from decisioning.application import ApplicationFile, ApplicationSchema
from decisioning.canonical import digest
from decisioning.errors import InvalidProduct
from decisioning.facts import PRICING_PATHS, SCORE_PATHS, FactDefinition, FactSheet
from decisioning.files import validated
from decisioning.model import Currency, Frozen, Name, Unit, Versions
from decisioning.parameters import ClauseName, Parameter, Parameters
from decisioning.reasons import AveragesFile, CatalogueFile, Method, ReasonBook
from decisioning.rules import RuleSet

OFFER_VALID_DAYS = "offer_valid_days"
"""The parameter that every product must have: days from a decision to the end of its offer."""

KINDS = ("product", "parameters", "rules", "reasons", "policy")
"""The kinds of artefact that make an edition."""

OnFailure = Literal["refer", "refuse"]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Party(Frozen):
    """Who stands in a notice."""

    name: Name
    address: Name


class Budget(Frozen):
    """Seconds for a whole request, and at most for the score and the price of it."""

    total: Seconds
    score: Seconds
    price: Seconds


class Failures(Frozen):
    """What a failing model API leads to: a person looks, or the request is refused (503)."""

    scoring: OnFailure
    pricing: OnFailure


class NoticeWords(Frozen):
    """What a lender's letters say of its own: how a person reviews an automatic decision, if at all.

    An applicant whose file is incomplete is asked to answer within `reply_days`.
    """

    review: Annotated[str, Field(min_length=1)] | None = None
    reply_days: Annotated[int, Field(ge=1, le=90)] = 21


class CounterOffer(Frozen):
    """That a product answers some declines with other terms: `clause` of its manual says so.

    Only where every limit that declined is on a fact of `declined_for`; the terms move by `actions`.
    """

    clause: ClauseName
    declined_for: Annotated[tuple[Name, ...], Field(min_length=1)]
    actions: Annotated[tuple[Name, ...], Field(min_length=1)]


class ProductFile(Frozen):
    """The whole of `product.json`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    title: Name
    lender: Party
    agency: Party
    document: Name
    currency: Currency
    timezone: str
    jurisdiction: Name
    budget_s: Budget
    on_failure: Failures
    reason_method: Method
    max_reasons: Annotated[int, Field(ge=1)]
    context_clauses: Annotated[int, Field(ge=0)]
    retention_months: Annotated[int, Field(ge=1)]
    score_cutoff: str
    counter_offer: CounterOffer | None = None
    notice: NoticeWords = NoticeWords()
    actions: Annotated[dict[str, Action], Field(default_factory=dict)]

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{name!r} is not a time zone") from None
        return name


@dataclass(frozen=True)
class Edition:
    """A product as it stands on a day. `name` is the manual's edition; all parts are immutable."""

    name: str
    product: ProductFile
    application: ApplicationSchema
    parameters: Parameters
    values: Mapping[str, float]
    facts: FactSheet
    rules: RuleSet
    catalogue: CatalogueFile
    reasons: ReasonBook
    artefacts: Mapping[str, Any]
    digests: Mapping[str, str]
    versions: Versions

    @property
    def cutoff(self) -> float:
        """The score shown as the cut-off, in points."""
        return self.values[self.product.score_cutoff]


def edition_of(artefacts: Mapping[str, Any]) -> Edition:
    """The edition that these contents make, one for each of KINDS; raises InvalidProduct.

    Costs milliseconds: keep it for as long as the contents are the same.
    """
    files = artefacts["product"]
    product = validated(ProductFile, files["product"], "product.json")
    application = ApplicationSchema(validated(ApplicationFile, files["application"], "application.json"))
    parameters = _parameters(artefacts["parameters"])
    facts = _facts(files["facts"], application, parameters)
    edition = artefacts["policy"]["edition"]
    rules_file = f"rules/{artefacts['rules']['from']}.json"
    rules = RuleSet(artefacts["rules"]["content"], rules_file, facts.units, parameters, edition)
    catalogue = validated(CatalogueFile, artefacts["reasons"]["reasons"], "reasons.json")
    averages = validated(AveragesFile, artefacts["reasons"]["averages"], "averages.json")
    reasons = ReasonBook(catalogue, averages, product.reason_method, product.max_reasons)
    reasons.check(rules.rows, rules_file)
    _check_application(application)
    _check_parameters(product, parameters)
    check_actions(product.actions, application, parameters)
    _check_counter_offer(product)
    _check_reads(rules, facts, application, rules_file)
    return Edition(
        name=edition,
        product=product,
        application=application,
        parameters=parameters,
        values={name: parameter.value for name, parameter in parameters.items()},
        facts=facts,
        rules=rules,
        catalogue=catalogue,
        reasons=reasons,
        artefacts=artefacts,
        digests=(digests := {kind: digest(artefacts[kind]) for kind in KINDS}),
        versions=_versions(digests, artefacts["policy"]),
    )


def _parameters(content: object) -> Parameters:
    return validated(dict[str, Parameter], content, "parameters.json")


def _facts(content: object, application: ApplicationSchema, parameters: Parameters) -> FactSheet:
    definitions = validated(tuple[FactDefinition, ...], content, "facts.json")
    nullable = {f"application.{name}" for name, field in application.fields.items() if field.nullable}
    given = {f"application.{name}" for name in application.fields} - nullable
    always = given | {f"parameters.{name}" for name in parameters}
    return FactSheet(definitions, always, nullable | SCORE_PATHS | PRICING_PATHS)


def _versions(digests: Mapping[str, str], policy: Mapping[str, str]) -> Versions:
    """The edition's own part; what words, scores and prices a decision is filled in later."""
    return Versions(
        product=digests["product"],
        policy=f"{policy['edition']}+{policy['manual']}",
        parameters=digests["parameters"],
        rules=digests["rules"],
        reasons=digests["reasons"],
        prompt=None,
        llm=None,
        embedding=None,
        scoring=None,
        pricing=None,
        credence=VERSION,
    )


def _check_application(application: ApplicationSchema) -> None:
    """What is asked for must be in every application: a decision says it back."""
    for name, kind in (("amount", "number"), ("term_months", "integer")):
        field = application.fields.get(name)
        if field is None or field.type != kind or field.nullable:
            raise InvalidProduct(
                f"application.json: every product asks for {name}, a {kind} that is never null"
            )


def _check_counter_offer(product: ProductFile) -> None:
    """It moves the terms that an offer states, and nothing else."""
    for name in product.counter_offer.actions if product.counter_offer else ():
        action = product.actions.get(name)
        if action is None or action.together or action.field not in ("amount", "term_months"):
            raise InvalidProduct(f"product.json: counter_offer: {name} is no action on amount or term alone")


def _check_parameters(product: ProductFile, parameters: Parameters) -> None:
    for name, unit in ((OFFER_VALID_DAYS, Unit.COUNT), (product.score_cutoff, Unit.POINTS)):
        if name not in parameters or parameters[name].unit is not unit:
            raise InvalidProduct(f"parameters.json: {name} must be in force, in {unit.value}")


def _check_reads(rules: RuleSet, facts: FactSheet, application: ApplicationSchema, file: str) -> None:
    """What rules read is there for every complete application."""
    open_fields = {
        f"application.{name}"
        for name, field in application.fields.items()
        if field.nullable and not field.required
    }
    for fact in sorted(rules.facts):
        if gaps := sorted(facts.roots(fact) & open_fields):
            raise InvalidProduct(f"{file}: reads {fact}, which is absent where {gaps[0]} is null")
