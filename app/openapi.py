"""The published OpenAPI: FastAPI's own for what it routes, by hand from the same models for the rest."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from app.errors import MEDIA_TYPE
from app.schemas import (
    ChatRequest,
    CounterfactualsRequest,
    DecisionRequest,
    FeedbackRequest,
    IngestRequest,
    ResolutionRequest,
    SentRequest,
)
from decisioning.model import Contribution, Decision, Explanation
from decisioning.whatif import WhatChanges, WhatIf

REF: Final = "#/components/schemas/{model}"
BODIES: Final = (
    DecisionRequest,
    ResolutionRequest,
    SentRequest,
    CounterfactualsRequest,
    ChatRequest,
    FeedbackRequest,
    IngestRequest,
)

Described = dict[str, Any]


class FieldError(BaseModel):
    """One refused field of a request: its path with dots, and what is wrong."""

    field: str
    problem: str


class ProblemDetails(BaseModel):
    """An error, as RFC 9457 spells it."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    trace_id: str
    errors: list[FieldError] = []


class ExpandedDecision(Decision):
    """A decision with what `expand` asks for."""

    points: tuple[Contribution, ...] = ()
    digests: dict[str, str] = Field(default_factory=dict)


ANSWERS: Final = (
    Decision,
    ExpandedDecision,
    Explanation,
    WhatChanges,
    WhatIf,
    ProblemDetails,
)


def body(model: type[BaseModel], *, required: bool = True) -> Described:
    """`openapi_extra` for a route that reads its body itself."""
    return {"requestBody": {"required": required, "content": _content("application/json", model)}}


def answers(model: type[BaseModel] | None, status: int, *problems: int) -> dict[int | str, Described]:
    """`responses` for a route that writes its answer itself: one that is good, and the errors."""
    good: Described = {"description": HTTPStatus(status).phrase}
    if model is not None:
        good["content"] = _content("application/json", model)
    always = {429, 503} if 401 in problems else {503}
    with_a_body = {408} if 413 in problems else set()
    bad = sorted({*problems, *always, *with_a_body, 500})
    return {status: good, **{each: _problem(each) for each in bad}}


def text(status: int, *media_types: str) -> dict[int | str, Described]:
    """`responses` for what else than JSON a route may answer with."""
    content: Described = {media_type: {} for media_type in media_types}
    return {status: {"description": HTTPStatus(status).phrase, "content": content}}


def _problem(status: int) -> Described:
    return {"description": HTTPStatus(status).phrase, "content": _content(MEDIA_TYPE, ProblemDetails)}


def _content(media_type: str, model: type[BaseModel]) -> Described:
    return {media_type: {"schema": {"$ref": REF.format(model=model.__name__)}}}


CREATE: Final[Described] = {
    "tags": ["decisions"],
    "summary": "Take a decision",
    "operationId": "create_decision",
    "description": "201 once the decision is durably stored. `Idempotency-Key` makes a repeated request"
    " give the same bytes and take no second decision.",
    "security": [{"ApiKey": []}],
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        }
    ],
    **body(DecisionRequest),
    "responses": {
        str(status): described
        for status, described in answers(Decision, 201, 400, 401, 403, 409, 413, 415, 422, 503).items()
    },
}


class DescribedApi(FastAPI):
    """A FastAPI application whose OpenAPI tells of the routes that FastAPI does not know."""

    def openapi(self) -> Described:
        """The whole document, made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            paths = document.setdefault("paths", {})
            paths.setdefault("/v1/decisions", {})["post"] = CREATE
            components = document.setdefault("components", {})
            schemas = components.setdefault("schemas", {})
            schemas.update(_schemas())
            self._describe_applications(schemas)
            components["securitySchemes"] = {"ApiKey": {"type": "http", "scheme": "bearer"}}
        return self.openapi_schema or {}

    def _describe_applications(self, schemas: Described) -> None:
        """Each product's own application in the place of "an object"."""
        products = self.state.services.products if hasattr(self.state, "services") else {}
        applications = {
            f"{name.title().replace('-', '')}Application": product.editions[-1].application.json_schema()
            for name, product in products.items()
        }
        if applications:
            schemas.update(applications)
            alternatives = [{"$ref": REF.format(model=name)} for name in applications]
            request = schemas[DecisionRequest.__name__]["properties"]
            request["application"] = {"anyOf": alternatives}
            request["product"] |= {"enum": sorted(products)}


def _schemas() -> Mapping[str, Any]:
    models = [(model, "validation") for model in BODIES] + [(model, "serialization") for model in ANSWERS]
    _, described = models_json_schema(models, ref_template=REF)  # type: ignore[arg-type]  # literals
    schemas: Mapping[str, Any] = described["$defs"]
    return schemas
