"""Two legs of a search: whose words say most, and who means nearly the same; both among what is in force.

The words' leg scores every passage that can be in force. The weights of a word in a block of passages are
one sparse vector (`posting`), so the scores of a whole block are a sum of as many vectors as the question
has words, which pgvector adds up at the speed of the processor. Who stands OUTSTANDING standard deviations
above the mean is looked at first, and everybody with a score only where too few of these are in force.

The meaning's leg asks the vector index where most of the corpus is in force. Elsewhere it reads the signs of
all vectors, block by block, and compares the nearest by these in full: a sum of two Hamming distances stands
for the product with a question of two bits a dimension ("RaBitQ", Gao and Long, 2024, has the idea and its
bounds). All are compared where too few of these are in force, so nothing in force is ever lost to a filter.

Each part is a common table expression of `hybrid.search`, whose parameters and other parts they name. Lateral
subqueries with `offset 0` or `limit 1` keep the order in which the tables are read: few rows are wanted,
which the planner cannot know.
"""

from retrieval import lexical

PROMISING = 2
"""So many times as many passages as candidates are taken by their words alone; pairs of words choose among
them."""

OUTSTANDING = 3
"""Standard deviations above the mean score: some 1 to 2 % of the passages, on questions to 13k clauses."""

FEW_BLOCKS = 4
"""Where the day and the document leave no more blocks than these, the vector index is not asked."""

SKETCHED = 12
"""So many times as many passages as candidates are compared in full after their sketches."""

ENOUGH_OF_ONE = 4
"""A document may be anywhere among its blocks: unless so many times as many of its passages as candidates are
near by their sketches, all of it is compared."""

_BLOCK = lexical.BLOCK
_VECTOR = f"vector({_BLOCK})"
_APART = "(s.signs <~> (select signs from meaning))"
_DISTANCE = f"2 * {_APART} + (s.signs <~> (select halves from meaning))"


def blocks(one_document: bool) -> str:
    """The blocks of passages that can hold something in force."""
    within = "and b.documents @> array[$1::text]" if one_document else ""
    return f"""
block as materialized (
  select b.id from passage_block b
  where b.effective_from <= $2::date and b.effective_to > $2::date
    and b.known_from <= $3::timestamptz and b.known_to > $3::timestamptz {within}
)"""


def sums() -> str:
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


def worded(binds: str, candidates: int) -> str:
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
  cross join lateral ({_in_force("c.passage_id = p.passage_id", binds)}) c
  limit {limit}"""


def meant(binds: str, dimensions: int, candidates: int, *, one_document: bool) -> str:
    """The passages in force that mean nearly the same.

    What counts as near by the sketches is taken from one block, so that of all blocks about SKETCHED times
    as many as are wanted are; whoever is farther by the first distance than anybody near there is not asked
    for the second. All are compared where too few are in force.
    """
    enough = candidates * ENOUGH_OF_ONE if one_document else candidates
    nearer = (
        f"{_APART} <= coalesce((select apart from sample), {dimensions})"
        f" and {_DISTANCE} <= coalesce((select distance from sample), {3 * dimensions})"
    )
    return f"""
{_approximate(binds, dimensions, candidates)},
sample as materialized (
  select max(apart) as apart, max(distance) as distance
  from (
    select {_APART} as apart, {_DISTANCE} as distance
    from (select min(id) * {_BLOCK}::bigint as first from block where {_too_few(candidates, "approximate")}) b
    cross join lateral ({_sketches("true")}) s
    order by distance
    limit (select {candidates * SKETCHED} / greatest(count(*), 1) + 1 from block)
  ) nearest
),
sketched as materialized (
  select c.id, c.passage_id
  from (
    select s.passage_id
    from (
      select id * {_BLOCK}::bigint as first from block where {_too_few(candidates, "approximate")} offset 0
    ) b
    cross join lateral ({_sketches(nearer)}) s
    offset 0
  ) s
  cross join lateral ({_in_force("c.passage_id = s.passage_id", binds)}) c
),
near as (select c.id, c.passage_id from sketched c {_nearest(candidates)}),
complete as (
  select c.id, c.passage_id
  from (
    select id * {_BLOCK}::bigint as first from block
    where {_too_few(candidates, "approximate")} and {_too_few(enough, "sketched")} offset 0
  ) b
  cross join lateral ({_in_force(f"c.passage_id >= b.first and c.passage_id < b.first + {_BLOCK}", binds)}) c
  {_nearest(candidates)}
),
nearest as (
  select * from approximate union all select * from near union all select * from complete
)"""


def _approximate(binds: str, dimensions: int, candidates: int) -> str:
    vector = f"vector({dimensions})"
    most = f"(select count(*) from block) > greatest({FEW_BLOCKS}, (select count(*) from passage_block) / 2)"
    return f"""
approximate as materialized (
  select c.id, c.passage_id
  from passage_vector v
  cross join lateral ({_in_force("c.passage_id = v.passage_id", binds)}) c
  where {most} and v.model_id = (select id from model) and vector_dims(v.embedding) = {dimensions}
  order by v.embedding::{vector} <=> (select vector::{vector} from meaning) limit {candidates}
)"""


def _too_few(wanted: int, leg: str) -> str:
    """True where a leg has brought fewer than are wanted; asked once, before anything is read."""
    return f"(select count(*) from {leg}) < {wanted}"


def _sketches(where: str) -> str:
    return f"""
    select s.passage_id, s.signs from passage_sketch s
    where s.model_id = (select id from model)
      and s.passage_id >= b.first and s.passage_id < b.first + {_BLOCK} and {where} offset 0"""


def _in_force(where: str, binds: str) -> str:
    return f"""
    select c.id, c.passage_id from clause c where {where} and c.searched and {binds} offset 0"""


def _nearest(candidates: int) -> str:
    return f"""cross join lateral (
    select embedding from passage_vector
    where passage_id = c.passage_id and model_id = (select id from model) limit 1
  ) v
  order by v.embedding <=> (select vector from meaning), c.id limit {candidates}"""


def every_worded(binds: str, candidates: int) -> str:
    """The same as `worded` brings, by reading whatever is in force."""
    return f"""
lexical as (
  select c.id, c.passage_id
  from clause c join passage p on p.id = c.passage_id, question q
  where c.searched and {binds} and p.weights <#> q.weights < 0
  order by p.weights <#> q.weights, c.id limit {candidates}
)"""


def every_meant(binds: str, candidates: int) -> str:
    """The same as `meant` brings, by comparing whatever is in force."""
    return f"""
nearest as (
  select c.id, c.passage_id
  from clause c
  join passage_vector v on v.passage_id = c.passage_id and v.model_id = (select id from model)
  where c.searched and {binds}
  order by v.embedding <=> (select vector from meaning), c.id limit {candidates}
)"""
