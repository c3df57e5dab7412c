"""Embedding models side by side: what each has vectors for, and how far two of them agree.

The vectors of a model are kept beside those of every other, under the passage's content and the model's
name. A new model's are built with `passages.complete` while the old one is searched; who then opens the
corpus with the new embedder searches by it, and going back is as cheap.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

SAMPLE = 200
NEAREST = 10

MODELS = """
select m.name, m.dimensions, count(v.passage_id), (select count(*) from passage)
from embedding_model m
left join passage_vector v on v.model_id = m.id
group by m.id
order by m.id
"""

OVERLAP = """
with own as (
  select v.passage_id, v.embedding from passage_vector v
  join embedding_model m on m.id = v.model_id where m.name = :one
),
others as (
  select v.passage_id, v.embedding from passage_vector v
  join embedding_model m on m.id = v.model_id where m.name = :other
),
sample as (
  select p.id, own.embedding as one, others.embedding as other
  from passage p
  join own on own.passage_id = p.id
  join others on others.passage_id = p.id
  order by p.sha256 limit :sample
)
select avg(common.passages::float8 / least(:nearest, greatest((select count(*) from own) - 1, 1)))
from sample
cross join lateral (
  select count(*) as passages
  from (
    (select passage_id from own where passage_id <> sample.id
      order by embedding <=> sample.one, passage_id limit :nearest)
    intersect
    (select passage_id from others where passage_id <> sample.id
      order by embedding <=> sample.other, passage_id limit :nearest)
  ) both_found
) common
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A model, the width of its vectors, and how many of the corpus's passages have one."""

    name: str
    dimensions: int
    vectors: int
    passages: int


async def kept(engine: AsyncEngine) -> tuple[Kept, ...]:
    """Every model that the corpus has ever been embedded with, the oldest first."""
    async with engine.connect() as connection:
        rows = await connection.execute(text(MODELS))
        return tuple(Kept(*row) for row in rows)


async def overlap(engine: AsyncEngine, one: str, other: str, sample: int = SAMPLE) -> float | None:
    """The mean share of its ten nearest that a passage has in common under two models.

    Over `sample` passages chosen by their digests, so the same ones every time; exact. None where no passage
    has vectors of both.
    """
    wanted = {"one": one, "other": other, "sample": sample, "nearest": NEAREST}
    async with engine.connect() as connection:
        share: float | None = await connection.scalar(text(OVERLAP), wanted)
        return share
