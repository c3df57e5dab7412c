"""The SQL of the corpus that is more than an insert, each statement under its name.

`:name` parameters are SQLAlchemy's, `$1` parameters are asyncpg's: what runs for every decision goes to the
driver directly, as one prepared statement and one round trip.
"""

from functools import cache

from retrieval import lexical, rank

LOCK_CORPUS = "select pg_advisory_xact_lock(:lock)"

INSTANTS = "select clock_timestamp(), (select max(known_at) from corpus_change)"

CLOSE = """
update clause set known_to = :instant
where id = any(:ids)
returning passage_id, searched
"""

COUNT_TERMS = """
insert into term_statistic (scope, term_id, change_id, clauses)
select scope, moved.term_id, :change_id, coalesce(before.clauses, 0) + moved.clauses
from (
  select term_id, sum(move.sign) as clauses
  from unnest(cast(:passages as bigint[]), cast(:signs as integer[])) as move (passage_id, sign)
  join passage on passage.id = move.passage_id
  cross join unnest(passage.terms) as term_id
  group by term_id
  having sum(move.sign) <> 0
) as moved
cross join unnest(array['', :document]) as scope
left join lateral (
  select clauses from term_statistic
  where term_statistic.scope = scope.scope and term_statistic.term_id = moved.term_id
  order by change_id desc limit 1
) as before on true
"""

COUNT_CLAUSES = """
insert into corpus_statistic (scope, change_id, clauses, terms)
select scope, :change_id, coalesce(before.clauses, 0) + moved.clauses, coalesce(before.terms, 0) + moved.terms
from (
  select coalesce(sum(move.sign), 0) as clauses, coalesce(sum(move.sign * passage.length), 0) as terms
  from unnest(cast(:passages as bigint[]), cast(:signs as integer[])) as move (passage_id, sign)
  join passage on passage.id = move.passage_id
) as moved
cross join unnest(array['', :document]) as scope
left join lateral (
  select clauses, terms from corpus_statistic
  where corpus_statistic.scope = scope.scope
  order by change_id desc limit 1
) as before on true
"""

CANDIDATES = 30
"""How many clauses each leg brings to the fusion, where no more are asked for."""

MOST_CANDIDATES = 100
"""The most that a search can answer."""

READ = 1000
"""How many passages the words of a question may lead to: its rarest words are followed first.

With this and CANDIDATES, recall and precision on 465 questions to 13k clauses stay within 0.002 of what they
are when every word is followed and each leg brings 100."""

NEAR = "set hnsw.iterative_scan = relaxed_order; set hnsw.ef_search = 64"
"""Said once on a connection: a scan of the vector index goes on until enough of what it finds is in force."""

_CLAUSE = """
  c.id, c.document, c.clause, c.edition, c.kind, c.parent, p.heading, p.text, c.path,
  c.effective_from, nullif(c.effective_to, 'infinity') as effective_to,
  c.known_from, nullif(c.known_to, 'infinity') as known_to, c.refers_to, c.defines
"""

_TEXTS = "from clause c join passage p on p.id = c.passage_id"
_BINDS = "c.effective_from <= $2::date and c.effective_to > $2::date"
_KNOWN = "c.known_from <= $3::timestamptz and c.known_to > $3::timestamptz"

NAMED = f"""
select {_CLAUSE} {_TEXTS}
where c.document = $1 and {_BINDS} and {_KNOWN} and c.clause = any($4::text[])
"""

HISTORY = f"""
select {_CLAUSE} {_TEXTS}
where ($1::text is null or c.document = $1) and c.clause = $2 and {_KNOWN}
order by c.document, c.effective_from
"""

IN_FORCE = f"""
select {_CLAUSE} {_TEXTS}
where ($1::text is null or c.document = $1) and {_BINDS} and {_KNOWN}
order by c.document, c.position, c.id
"""

SNAPSHOT_OF = "select id, known_at from corpus_change where id = $1"

SNAPSHOT = """
select id, known_at from corpus_change where known_at <= $1::timestamptz order by known_at desc limit 1
"""

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
    """The search among all documents ($1 is '') or in one ($1 is its name): two statements, two plans.

    $2 the day, $3 the instant of knowledge, $4 the words, $5 names of clauses, $6 the embedding model, $7 the
    vector of so many dimensions, $8 the dimensions of pairs of words, $9 how many. Each leg brings its best
    candidates; every figure is then computed for all of them, and one score out of all. Lateral subqueries
    with `offset 0` or `limit 1` keep the order in which the tables are read: few
    rows are wanted, which the planner cannot know. Among all documents the vector index is asked first, and
    every clause in force only where the index brings too few: nothing in force is ever lost to a filter.
    An exhaustive search reads all that either leg could find; the usual one is held against it.
    """
    binds = f"{_BINDS} and {_KNOWN}" + (" and c.document = $1" if one_document else "")
    by_index = not (one_document or exhaustive)
    meant = _indexed(binds, dimensions, candidates) if by_index else _exact(binds, candidates)
    followed = "true" if exhaustive else f"led_to <= {READ} or place = 1"
    return f"""
with snapshot as materialized (
  select id from corpus_change where known_at <= $3::timestamptz order by id desc limit 1
),
corpus as materialized (
  select s.clauses, s.terms / greatest(s.clauses, 1)::float8 as average_length
  from corpus_statistic s
  where s.scope = $1::text and s.change_id <= (select id from snapshot)
  order by s.change_id desc limit 1
),
asked as materialized (
  select t.id as term_id, s.clauses,
    ln(1 + (corpus.clauses - s.clauses + 0.5) / (s.clauses + 0.5))::float8 as idf
  from corpus, term t
  cross join lateral (
    select clauses from term_statistic
    where scope = $1::text and term_id = t.id and change_id <= (select id from snapshot)
    order by change_id desc limit 1
  ) s
  where t.word = any($4::text[])
),
rarest as (
  select term_id, row_number() over rarity as place, sum(clauses) over rarity as led_to
  from asked window rarity as (order by clauses, term_id)
),
pairs as materialized (
  select ('{{' || string_agg(pair || ':1', ',') || '}}/{lexical.LAST_DIMENSION}')::sparsevec as present,
    string_agg(pair || ':' || {weights.pair} * (select avg(idf) from asked), ',') as weighted
  from unnest($8::integer[]) as pair
),
question as materialized (
  select (select array_agg(term_id) from rarest where {followed}) as terms, sum(idf) as idf,
    {weights.pair} * avg(idf) as pair,
    ('{{' || string_agg(term_id || ':' || idf, ',') || coalesce(',' || (select weighted from pairs), '')
      || '}}/{lexical.LAST_DIMENSION}')::sparsevec as weights
  from asked
),
model as materialized (select id from embedding_model where name = $6),
meaning as materialized (select $7::real[]::vector as vector),
lexical as (
  select c.id, c.passage_id
  from question q
  join passage p on p.terms && q.terms
  cross join lateral (
    select c.id, c.passage_id from clause c where c.passage_id = p.id and c.searched and {binds} offset 0
  ) c
  order by p.weights <#> q.weights, c.id limit {candidates}
),
{meant},
holder as materialized (
  select c.id, c.passage_id, n.name, count(*) over (partition by n.name) as holders
  from clause c
  cross join lateral (select distinct unnest(c.names) as name) n
  where c.names && $5::text[] and n.name = any($5::text[]) and {binds}
),
candidate as materialized (
  select id, passage_id, min(holders) as holders
  from (
    select id, passage_id, null::bigint as holders from lexical
    union all select id, passage_id, null from nearest
    union all select id, passage_id, holders from holder where holders <= {rank.MANY}
  ) legs
  group by id, passage_id
),
worded as materialized (
  select w.id, sum(asked.idf) as idf, sum(asked.idf * w.frequency / (w.frequency + {lexical.K1} * (
    1 - {lexical.B} + {lexical.B} * w.length / (select average_length from corpus)))) as bm25
  from (
    select candidate.id, p.length, unnest(p.terms) as term_id, unnest(p.counts) as frequency
    from candidate
    cross join lateral (select * from passage where id = candidate.passage_id limit 1) p
  ) w
  join asked on asked.term_id = w.term_id
  group by w.id
),
figured as materialized (
  select candidate.id, candidate.passage_id,
    coalesce(worded.bm25, 0)::float8 as bm25,
    coalesce(worded.idf / (select idf from question), 0)::float8 as coverage,
    coalesce(-(p.weights <#> (select present from pairs)) * (select pair from question), 0)::float8 as pairs,
    coalesce(1 - (v.embedding <=> (select vector from meaning)), 0)::float8 as cosine,
    (case when holders is null then 0
      when cardinality($4::text[]) > {rank.BRIEF} then {rank.NAMED_AMONG_OTHER_THINGS}
      else {rank.NAMED} end)::float8 / greatest(holders, 1) as named
  from candidate
  cross join lateral (select weights from passage where id = candidate.passage_id limit 1) p
  left join lateral (
    select embedding from passage_vector
    where passage_id = candidate.passage_id and model_id = (select id from model) limit 1
  ) v on true
  left join worded on worded.id = candidate.id
),
scored as materialized (
  select *, (named + coverage * {weights.coverage}
    + {weights.words} * (bm25 + pairs) / greatest(max(bm25 + pairs) over (), {rank.LEAST})
    + {weights.cosine} * cosine / greatest(max(cosine) over (), {rank.LEAST}))::float8 as score
  from figured
  order by score desc, id limit $9
)
select {_CLAUSE}, scored.score, scored.bm25, scored.cosine
from scored
cross join lateral (select * from clause where id = scored.id limit 1) c
cross join lateral (select * from passage where id = scored.passage_id limit 1) p
order by scored.score desc, scored.id
"""


def _exact(binds: str, candidates: int, *, name: str = "nearest", where: str = "true") -> str:
    return f"""{name} as (
  select c.id, c.passage_id
  from clause c
  join passage_vector v on v.passage_id = c.passage_id and v.model_id = (select id from model)
  where c.searched and {binds} and {where}
  order by v.embedding <=> (select vector from meaning), c.id limit {candidates}
)"""


def _indexed(binds: str, dimensions: int, candidates: int) -> str:
    vector = f"vector({dimensions})"
    too_few = f"(select count(*) from approximate) < {candidates}"
    return f"""approximate as materialized (
  select c.id, c.passage_id
  from passage_vector v
  cross join lateral (
    select c.id, c.passage_id from clause c
    where c.passage_id = v.passage_id and c.searched and {binds} offset 0
  ) c
  where v.model_id = (select id from model) and vector_dims(v.embedding) = {dimensions}
  order by v.embedding::{vector} <=> (select vector::{vector} from meaning) limit {candidates}
),
{_exact(binds, candidates, name="complete", where=too_few)},
nearest as (select * from approximate union all select * from complete)"""
