"""The statement of a search, put together from its parts; one round trip.

Two legs bring candidates, the words' and the meaning's; a third brings clauses that the question names. Every
figure is then computed for all candidates, and one score out of all.

The words' leg scores every passage that can be in force. The weights of a word in a block of passages are
one sparse vector (`posting`), so the scores of a whole block are a sum of as many vectors as the question
has words, which pgvector adds up at the speed of the processor. Who stands OUTSTANDING standard deviations
above the mean is looked at first, and everybody with a score only where too few of these are in force:
nothing in force is ever lost to a filter. The same holds for the vector index.

Parameters: $1 the document or '', $2 the day, $3 the instant of knowledge, $4 the words, $5 names of clauses,
$6 the embedding model, $7 the vector of the question, $8 the dimensions of pairs of words, $9 how many.

Lateral subqueries with `offset 0` or `limit 1` keep the order in which the tables are read: few rows are
wanted, which the planner cannot know.
"""

from functools import cache

from retrieval import lexical, rank
from retrieval.statements import BINDS, CLAUSE, KNOWN

CANDIDATES = 30
"""How many clauses each leg brings to the fusion, where no more are asked for."""

MOST_CANDIDATES = 100
"""The most that a search can answer."""

PROMISING = 2
"""So many times as many passages as candidates are taken by their words alone; pairs of words choose among
them."""

OUTSTANDING = 3
"""Standard deviations above the mean score: some 1 to 2 % of the passages, on questions to 13k clauses."""

FEW_BLOCKS = 1
"""Where the day and the document leave no more blocks than these, vectors are compared one by one."""

_BLOCK = lexical.BLOCK
_VECTOR = f"vector({_BLOCK})"
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
        parts += [_every_worded(binds, candidates), _every_meant(binds, candidates)]
    else:
        parts += [
            _blocks(one_document),
            _sums(),
            _worded(binds, candidates),
            _meant(binds, dimensions, candidates),
        ]
    parts += [_named(binds, candidates), _CANDIDATE, _FIGURES, _scored(weights)]
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
meaning as materialized (select $7::real[]::vector as vector)"""


def _blocks(one_document: bool) -> str:
    """The blocks of passages that can hold something in force."""
    within = "and b.documents @> array[$1::text]" if one_document else ""
    return f"""
block as materialized (
  select b.id from passage_block b
  where b.effective_from <= $2::date and b.effective_to > $2::date
    and b.known_from <= $3::timestamptz and b.known_to > $3::timestamptz {within}
)"""


def _sums() -> str:
    """The score of every passage of those blocks by its words, and who stands out."""
    return f"""
scale as materialized (
  select term_id, array_fill(idf::real, array[{_BLOCK}])::{_VECTOR} as idf from asked
),
scores as materialized (
  select block.id as block, total.scores
  from block
  cross join lateral (
    select sum(posting.weights::{_VECTOR} * scale.idf) as scores
    from scale
    cross join lateral (
      select weights from posting where term_id = scale.term_id and block = block.id limit 1
    ) posting
  ) total
  where total.scores is not null
),
spread as materialized (
  select -sum(scores <#> one.each) / ({_BLOCK} * count(*)) as mean,
    -sum(scores <#> scores) / ({_BLOCK} * count(*)) as square
  from scores, (select array_fill(1::real, array[{_BLOCK}])::{_VECTOR} as each offset 0) one
),
bar as materialized (
  select array_fill((mean + {OUTSTANDING} * sqrt(greatest(square - mean * mean, 0)))::real,
    array[{_BLOCK}])::{_VECTOR} as level
  from spread
)"""


def _worded(binds: str, candidates: int) -> str:
    """The passages in force whose words say most."""
    promising = candidates * PROMISING
    too_few = f"(select count(*) from outstanding) < {candidates}"
    return f"""
outstanding as materialized ({_above("scores - (select level from bar)", "true", binds, promising)}),
scoring as materialized ({_above("scores", too_few, binds, promising)}),
lexical as (
  select best.id, best.passage_id
  from (select * from outstanding where not ({too_few}) union all select * from scoring) best
  cross join lateral (select weights from passage where id = best.passage_id limit 1) p
  order by p.weights <#> (select weights from question), best.id limit {candidates}
)"""


def _above(height: str, where: str, binds: str, limit: int) -> str:
    """The places at which a height is positive are those of the ones in a string of bits."""
    return f"""
  select c.id, c.passage_id
  from (
    select high.block * {_BLOCK} + place.at - 1 as passage_id
    from (
      select block, scores::real[] as scores, binary_quantize({height})::text as bits
      from scores where {where} offset 0
    ) high
    cross join lateral (
      select (sum(length(gap) + 1) over (order by number))::integer as at
      from string_to_table(high.bits, '1') with ordinality as gap (gap, number)
    ) place
    where place.at <= {_BLOCK}
    order by high.scores[place.at] desc offset 0
  ) p
  cross join lateral (
    select c.id, c.passage_id from clause c
    where c.passage_id = p.passage_id and c.searched and {binds} offset 0
  ) c
  limit {limit}"""


def _meant(binds: str, dimensions: int, candidates: int) -> str:
    """The passages in force that mean nearly the same: by the index, or one by one."""
    vector = f"vector({dimensions})"
    many = f"(select count(*) from block) > {FEW_BLOCKS}"
    too_few = f"(select count(*) from approximate) < {candidates}"
    return f"""
approximate as materialized (
  select c.id, c.passage_id
  from passage_vector v
  cross join lateral (
    select c.id, c.passage_id from clause c
    where c.passage_id = v.passage_id and c.searched and {binds} offset 0
  ) c
  where {many} and v.model_id = (select id from model) and vector_dims(v.embedding) = {dimensions}
  order by v.embedding::{vector} <=> (select vector::{vector} from meaning) limit {candidates}
),
complete as (
  select c.id, c.passage_id
  from (select id * {_BLOCK}::bigint as first from block where {too_few} offset 0) b
  cross join lateral (
    select c.id, c.passage_id from clause c
    where c.passage_id >= b.first and c.passage_id < b.first + {_BLOCK} and c.searched and {binds} offset 0
  ) c
  cross join lateral (
    select embedding from passage_vector
    where passage_id = c.passage_id and model_id = (select id from model) limit 1
  ) v
  order by v.embedding <=> (select vector from meaning), c.id limit {candidates}
),
nearest as (select * from approximate union all select * from complete)"""


def _every_worded(binds: str, candidates: int) -> str:
    return f"""
lexical as (
  select c.id, c.passage_id
  from clause c join passage p on p.id = c.passage_id, question q
  where c.searched and {binds} and p.weights <#> q.weights < 0
  order by p.weights <#> q.weights, c.id limit {candidates}
)"""


def _every_meant(binds: str, candidates: int) -> str:
    return f"""
nearest as (
  select c.id, c.passage_id
  from clause c
  join passage_vector v on v.passage_id = c.passage_id and v.model_id = (select id from model)
  where c.searched and {binds}
  order by v.embedding <=> (select vector from meaning), c.id limit {candidates}
)"""


def _named(binds: str, candidates: int) -> str:
    return f"""
named as (
  select c.id, c.passage_id from clause c where c.names && $5::text[] and {binds} limit {candidates}
)"""


_CANDIDATE = """
candidate as materialized (
  select id, passage_id, bool_or(named) as named
  from (
    select id, passage_id, false as named from lexical
    union all select id, passage_id, false from nearest
    union all select id, passage_id, true from named
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
    case when not read.named then 0
      when (select count(*) from named) > {rank.FEW} then {rank.MAYBE_NAMED}
      when cardinality($4::text[]) > {rank.BRIEF} then {rank.NAMED_AMONG_OTHER_THINGS}
      else {rank.NAMED} end as named
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
