"""The statement of a search, put together from its parts; one round trip.

Two legs bring candidates, the words' and the meaning's; a third brings clauses that the question names. Every
figure is then computed for all candidates, and one score out of all.

Parameters: $1 the document or '', $2 the day, $3 the instant of knowledge, $4 the words, $5 names of clauses,
$6 the embedding model, $7 the vector of the question, $8 the dimensions of pairs of words, $9 how many.
"""

from functools import cache

from retrieval import legs, lexical, rank
from retrieval.statements import BINDS, CLAUSE, KNOWN

CANDIDATES = 30
"""How many clauses each leg brings to the fusion, where no more are asked for."""

MOST_CANDIDATES = 100
"""The most that a search can answer."""

_WEIGHTS = rank.Weights()


@cache
def search(
    *,
    one_document: bool,
    dimensions: int,
    candidates: int = CANDIDATES,
    exhaustive: bool = False,
    weights: rank.Weights = _WEIGHTS,
) -> str:
    """The search among all documents, or in one; the vectors have so many dimensions.

    An exhaustive search reads all that either leg could find, by no index that approximates and by no
    block; the usual one is held against it.
    """
    binds = f"{BINDS} and {KNOWN}" + (" and c.document = $1" if one_document else "")
    parts = [_statistics(), _question(weights)]
    if exhaustive:
        parts += [legs.every_worded(binds, candidates), legs.every_meant(binds, candidates)]
    else:
        parts += [
            legs.blocks(one_document),
            legs.sums(),
            legs.worded(binds, candidates),
            legs.meant(binds, dimensions, candidates, one_document=one_document),
        ]
    parts += [_named(binds), _CANDIDATE, _FIGURES, _scored(weights)]
    return f"with {','.join(parts)}{_ANSWER}"


def _statistics() -> str:
    """The corpus and the words of the question, as the snapshot counted them."""
    return """
snapshot as materialized (
  select id from corpus_change where known_at <= $3::timestamptz order by id desc limit 1
),
corpus as materialized (
  select s.clauses, s.terms / greatest(s.clauses, 1)::float8 as average_length
  from corpus_statistic s
  where s.scope = $1::text and s.change_id <= (select id from snapshot)
  order by s.change_id desc limit 1
),
asked as materialized (
  select t.id as term_id, ln(1 + (corpus.clauses - s.clauses + 0.5) / (s.clauses + 0.5))::float8 as idf
  from corpus, term t
  cross join lateral (
    select clauses from term_statistic
    where scope = $1::text and term_id = t.id and change_id <= (select id from snapshot)
    order by change_id desc limit 1
  ) s
  where t.word = any($4::text[])
)"""


def _question(weights: rank.Weights) -> str:
    """The question as vectors: its words with their pairs, and its meaning."""
    return f"""
pairs as materialized (
  select ('{{' || string_agg(pair || ':1', ',') || '}}/{lexical.LAST_DIMENSION}')::sparsevec as present,
    string_agg(pair || ':' || {weights.pair} * (select avg(idf) from asked), ',') as weighted
  from unnest($8::integer[]) as pair
),
question as materialized (
  select sum(idf) as idf, {weights.pair} * avg(idf) as pair,
    ('{{' || string_agg(term_id || ':' || idf, ',') || coalesce(',' || (select weighted from pairs), '')
      || '}}/{lexical.LAST_DIMENSION}')::sparsevec as weights
  from asked
),
model as materialized (select id from embedding_model where name = $6),
meaning as materialized (
  select vector, binary_quantize(vector) as signs,
    binary_quantize(vector - middle) # binary_quantize(vector + middle) # binary_quantize(vector) as halves
  from (select vector, array_fill((vector_norm(vector) / sqrt(vector_dims(vector)))::real,
      array[vector_dims(vector)])::vector as middle
    from (select $7::real[]::vector as vector offset 0) asked) sized
)"""


def _named(binds: str) -> str:
    """Whoever has a name that the question says, and how many others have it."""
    return f"""
holder as materialized (
  select c.id, c.passage_id, n.name, count(*) over (partition by n.name) as holders
  from clause c
  cross join lateral (select distinct unnest(c.names) as name) n
  where c.names && $5::text[] and n.name = any($5::text[]) and {binds}
)"""


_CANDIDATE = f"""
candidate as materialized (
  select id, passage_id, min(holders) as holders
  from (
    select id, passage_id, null::bigint as holders from lexical
    union all select id, passage_id, null from nearest
    union all select id, passage_id, holders from holder where holders <= {rank.MANY}
  ) legs
  group by id, passage_id
)"""

_FIGURES = f"""
read as materialized (
  select candidate.*, p.length, p.terms, p.counts, -(p.weights <#> (select present from pairs)) as pairs,
    1 - (v.embedding <=> (select vector from meaning)) as cosine
  from candidate
  cross join lateral (select * from passage where id = candidate.passage_id limit 1) p
  left join lateral (
    select embedding from passage_vector
    where passage_id = candidate.passage_id and model_id = (select id from model) limit 1
  ) v on true
),
worded as materialized (
  select w.id, sum(asked.idf) as idf, sum(asked.idf * w.frequency / (w.frequency + {lexical.K1} * (
    1 - {lexical.B} + {lexical.B} * w.length / (select average_length from corpus)))) as bm25
  from (select id, length, unnest(terms) as term_id, unnest(counts) as frequency from read) w
  join asked on asked.term_id = w.term_id
  group by w.id
),
figured as materialized (
  select read.id, read.passage_id,
    coalesce(worded.bm25, 0)::float8 as bm25,
    coalesce(worded.idf / (select idf from question), 0)::float8 as coverage,
    coalesce(read.pairs * (select pair from question), 0)::float8 as pairs,
    coalesce(read.cosine, 0)::float8 as cosine,
    (case when read.holders is null then 0
      when cardinality($4::text[]) > {rank.BRIEF} then {rank.NAMED_AMONG_OTHER_THINGS}
      else {rank.NAMED} end)::float8 / greatest(read.holders, 1) as named
  from read left join worded on worded.id = read.id
)"""


def _scored(weights: rank.Weights) -> str:
    return f"""
scored as materialized (
  select *, (named + coverage * {weights.coverage}
    + {weights.words} * (bm25 + pairs) / greatest(max(bm25 + pairs) over (), {rank.LEAST})
    + {weights.cosine} * cosine / greatest(max(cosine) over (), {rank.LEAST}))::float8 as score
  from figured
  order by score desc, id limit $9
)"""


_ANSWER = f"""
select {CLAUSE}, scored.score, scored.bm25, scored.cosine
from scored
cross join lateral (select * from clause where id = scored.id limit 1) c
cross join lateral (select * from passage where id = scored.passage_id limit 1) p
order by scored.score desc, scored.id
"""
