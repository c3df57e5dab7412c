"""Words of passages in blocks, sketches of their vectors: what a search reads of many passages at once."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
create table passage_block (
    id integer not null,
    documents text[] not null default '{}',
    effective_from date not null default 'infinity',
    effective_to date not null default '-infinity',
    known_from timestamptz not null default 'infinity',
    known_to timestamptz not null default '-infinity',
    constraint pk_passage_block primary key (id)
);
create table posting (
    term_id integer not null,
    block integer not null,
    weights sparsevec(2048) not null,
    constraint pk_posting primary key (term_id, block),
    constraint fk_posting_term_id foreign key (term_id) references term (id),
    constraint fk_posting_block foreign key (block) references passage_block (id)
);
create table passage_sketch (
    model_id smallint not null,
    passage_id bigint not null,
    signs varbit not null,
    constraint pk_passage_sketch primary key (model_id, passage_id),
    constraint fk_passage_sketch_model_id foreign key (model_id) references embedding_model (id),
    constraint fk_passage_sketch_passage_id foreign key (passage_id) references passage (id)
);
alter table posting alter column weights set storage external;
alter table posting set (toast_tuple_target = 8160, fillfactor = 80)
"""

# As retrieval/lexical.py had its constants when this was written.
BLOCKS = """
insert into passage_block
    (id, documents, effective_from, effective_to, known_from, known_to)
select p.id / 2048, coalesce(array_agg(distinct c.document) filter (where c.document is not null), '{}'),
    coalesce(min(c.effective_from), 'infinity'), coalesce(max(c.effective_to), '-infinity'),
    coalesce(min(c.known_from), 'infinity'), coalesce(max(c.known_to), '-infinity')
from passage as p left join clause as c on c.passage_id = p.id and c.searched
group by p.id / 2048
"""
POSTINGS = """
insert into posting (term_id, block, weights)
select said.term_id, said.block, (
    '{' || string_agg(said.place || ':' || said.weight, ',' order by said.place) || '}/2048')::sparsevec(2048)
from (
    select word.term_id, p.id / 2048 as block, p.id % 2048 + 1 as place,
        word.frequency / (word.frequency + 0.8 * (1 - 0.6 + 0.6 * p.length / 50.0)) as weight
    from passage as p cross join unnest(p.terms, p.counts) as word (term_id, frequency)
) as said
group by said.term_id, said.block
"""

SKETCHES = """
insert into passage_sketch (model_id, passage_id, signs)
select model_id, passage_id, binary_quantize(embedding) from passage_vector order by model_id, passage_id
"""

# Not concurrently: that is not possible in the transaction that brings what takes its place.
DROP_INDEX = """-- squawk-ignore require-concurrent-index-deletion
drop index ix_passage_terms"""
CREATE_INDEX = """-- squawk-ignore require-concurrent-index-creation
create index ix_passage_terms on passage using gin (terms)"""


def upgrade() -> None:
    """Blocks, postings and sketches of the passages that are there; no search reads the index over terms."""
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '600s'")
    for statement in TABLES.split(";"):
        op.execute(statement)
    op.execute(BLOCKS)
    op.execute(POSTINGS)
    op.execute(SKETCHES)
    op.execute(DROP_INDEX)


def downgrade() -> None:
    """The index again."""
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '600s'")
    op.execute(CREATE_INDEX)
    op.execute("drop table passage_sketch")
    op.execute("drop table posting")
    op.execute("drop table passage_block")
