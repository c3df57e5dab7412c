"""The SQL of the corpus that is more than an insert, each statement under its name.

`:name` parameters are SQLAlchemy's, `$1` parameters are asyncpg's: what runs for every decision goes to the
driver directly, as one prepared statement and one round trip.
"""

from retrieval import lexical

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

POST = f"""
insert into posting (term_id, block, weights)
select said.term_id, said.block, (
    '{{' || string_agg(said.place || ':' || said.weight, ',' order by said.place) || '}}/{lexical.BLOCK}'
  )::sparsevec({lexical.BLOCK})
from (
  select word.term_id, passage.id / {lexical.BLOCK} as block, passage.id % {lexical.BLOCK} + 1 as place,
    word.frequency / (word.frequency + {lexical.K1} * (
      1 - {lexical.B} + {lexical.B} * passage.length / {lexical.REFERENCE_LENGTH})) as weight
  from passage
  cross join unnest(passage.terms, passage.counts) as word (term_id, frequency)
  where passage.id = any(cast(:passages as bigint[]))
) as said
group by said.term_id, said.block
order by said.term_id, said.block
on conflict (term_id, block) do update
set weights =
  (posting.weights::vector({lexical.BLOCK}) + excluded.weights::vector({lexical.BLOCK}))::sparsevec
"""
"""In the order of the terms, so that two writers never wait in a ring."""

ADD_BLOCKS = f"""
insert into passage_block (id)
select distinct passage / {lexical.BLOCK} as id from unnest(cast(:passages as bigint[])) as passage
order by id
on conflict do nothing
"""

SKETCH = """
insert into passage_sketch (model_id, passage_id, signs)
select model_id, passage_id, binary_quantize(embedding) from passage_vector
where model_id = :model and passage_id = any(cast(:passages as bigint[]))
order by passage_id
on conflict do nothing
"""

WIDEN_BLOCKS = f"""
update passage_block
set documents = case when passage_block.documents @> array[opened.document] then passage_block.documents
    else passage_block.documents || opened.document end,
  effective_from = least(passage_block.effective_from, opened.effective_from),
  effective_to = greatest(passage_block.effective_to, opened.effective_to),
  known_from = least(passage_block.known_from, opened.known_from),
  known_to = 'infinity'
from (
  select document, passage_id / {lexical.BLOCK} as block, known_from,
    min(effective_from) as effective_from, max(effective_to) as effective_to
  from clause
  where document = :document and known_from = :instant and searched
  group by document, block, known_from
) as opened
where passage_block.id = opened.block
"""

NEAR = "set hnsw.iterative_scan = relaxed_order; set hnsw.ef_search = 40"
"""Said once on a connection: a scan of the vector index goes on until enough of what it finds is in force."""

CLAUSE = """
  c.id, c.document, c.clause, c.edition, c.kind, c.parent, p.heading, p.text, c.path,
  c.effective_from, nullif(c.effective_to, 'infinity') as effective_to,
  c.known_from, nullif(c.known_to, 'infinity') as known_to, c.refers_to, c.defines
"""

_TEXTS = "from clause c join passage p on p.id = c.passage_id"
BINDS = "c.effective_from <= $2::date and c.effective_to > $2::date"
KNOWN = "c.known_from <= $3::timestamptz and c.known_to > $3::timestamptz"

NAMED = f"""
select {CLAUSE} {_TEXTS}
where c.document = $1 and {BINDS} and {KNOWN} and c.clause = any($4::text[])
"""

HISTORY = f"""
select {CLAUSE} {_TEXTS}
where ($1::text is null or c.document = $1) and c.clause = $2 and {KNOWN}
order by c.document, c.effective_from
"""

IN_FORCE = f"""
select {CLAUSE} {_TEXTS}
where ($1::text is null or c.document = $1) and {BINDS} and {KNOWN}
order by c.document, c.position, c.id
"""

BETWEEN = f"""
select {CLAUSE} {_TEXTS}
where ($1::text is null or c.document = $1)
  and c.effective_from <= $4::date and c.effective_to > $2::date and {KNOWN}
order by c.document, c.clause, c.effective_from
"""

AROUND = f"""
with recursive above as (
  select c.parent from clause c where c.document = $1 and c.clause = $4 and {BINDS} and {KNOWN}
  union
  select c.parent from above join clause c on c.document = $1 and c.clause = above.parent
  where {BINDS} and {KNOWN}
)
select {CLAUSE},
  (c.clause in (select parent from above) or c.clause = any($5::text[])) as is_above,
  c.clause = any($6::text[]) as is_referred,
  c.refers_to @> array[$4::text] as refers
{_TEXTS}
where c.document = $1 and c.clause <> $4 and {BINDS} and {KNOWN} and (
  c.clause in (select parent from above) or c.clause = any($5::text[]) or c.clause = any($6::text[])
  or c.refers_to @> array[$4::text] or cardinality(c.defines) > 0
)
order by c.position, c.id
"""

SNAPSHOT_OF = "select id, known_at from corpus_change where id = $1"

SNAPSHOT = """
select id, known_at from corpus_change where known_at <= $1::timestamptz order by known_at desc limit 1
"""
