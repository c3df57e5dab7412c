"""The policy corpus: clauses with two clocks, passages with their vectors and terms, BM25's statistics."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EXTENSIONS = """
create extension if not exists vector;
create extension if not exists btree_gist
"""

CHANGES = """
create table corpus_change (
    id bigint generated always as identity,
    known_at timestamptz not null,
    kind text not null,
    document text not null,
    edition text not null,
    source text not null,
    sha256 bytea not null,
    opened integer not null,
    closed integer not null,
    constraint pk_corpus_change primary key (id),
    constraint uq_corpus_change_known_at unique (known_at),
    constraint ck_corpus_change_kind check (kind in ('ingest', 'withdrawal'))
);
create index ix_corpus_change_document_edition_id on corpus_change (document, edition, id)
"""

PASSAGES = """
create table passage (
    id bigint generated always as identity,
    sha256 bytea not null,
    heading text,
    text text not null,
    length integer not null,
    terms integer[] not null,
    counts integer[] not null,
    weights sparsevec(1000000000) not null,
    constraint pk_passage primary key (id),
    constraint uq_passage_sha256 unique (sha256),
    constraint ck_passage_length check (length >= 0),
    constraint ck_passage_counts check (cardinality(terms) = cardinality(counts))
);
create index ix_passage_terms on passage using gin (terms);
create table embedding_model (
    id smallint generated always as identity,
    name text not null,
    dimensions integer not null,
    added_at timestamptz not null default now(),
    constraint pk_embedding_model primary key (id),
    constraint uq_embedding_model_name unique (name),
    constraint ck_embedding_model_dimensions check (dimensions > 0)
);
create table passage_vector (
    model_id smallint not null,
    passage_id bigint not null,
    embedding vector not null,
    constraint uq_passage_vector_passage_id_model_id unique (passage_id, model_id),
    constraint fk_passage_vector_model_id foreign key (model_id) references embedding_model (id),
    constraint fk_passage_vector_passage_id foreign key (passage_id) references passage (id)
);
create index ix_passage_vector_near on passage_vector using hnsw ((embedding::vector(384)) vector_cosine_ops)
    where vector_dims(embedding) = 384
"""

CLAUSES = """
create table clause (
    id bigint generated always as identity,
    document text not null,
    clause text not null,
    edition text not null,
    kind text not null,
    parent text,
    path text[] not null,
    position integer not null,
    title text,
    source text not null,
    searched boolean not null,
    names text[] not null,
    refers_to text[] not null,
    defines text[] not null,
    stated_to date,
    withdrawn_on date,
    effective_from date not null,
    effective_to date not null default 'infinity',
    known_from timestamptz not null,
    known_to timestamptz not null default 'infinity',
    passage_id bigint not null,
    constraint pk_clause primary key (id),
    constraint ck_clause_kind check (kind in ('part', 'section', 'clause', 'paragraph', 'row')),
    constraint ck_clause_binds check (effective_from < effective_to),
    constraint ck_clause_was_known check (known_from < known_to),
    constraint fk_clause_passage_id foreign key (passage_id) references passage (id),
    constraint ex_clause_one_text_at_a_time exclude using gist (
        document with =,
        clause with =,
        daterange(effective_from, effective_to) with &&,
        tstzrange(known_from, known_to) with &&
    )
);
create unique index uq_clause_edition_now on clause (document, clause, edition) where known_to = 'infinity';
create index ix_clause_name on clause (clause, document);
create index ix_clause_document on clause (document);
create index ix_clause_passage_id on clause (passage_id);
create index ix_clause_in_force on clause (passage_id)
    include (id, effective_from, effective_to, known_from, known_to) where searched;
create index ix_clause_names on clause using gin (names);
create index ix_clause_refers_to on clause using gin (refers_to);
create index ix_clause_defines on clause using gin (defines)
"""

STATISTICS = """
create table term (
    id integer generated always as identity,
    word text not null,
    constraint pk_term primary key (id),
    constraint uq_term_word unique (word)
);
create table term_statistic (
    scope text not null,
    term_id integer not null,
    change_id bigint not null,
    clauses integer not null,
    constraint pk_term_statistic primary key (scope, term_id, change_id),
    constraint fk_term_statistic_term_id foreign key (term_id) references term (id),
    constraint fk_term_statistic_change_id foreign key (change_id) references corpus_change (id),
    constraint ck_term_statistic_clauses check (clauses >= 0)
);
create table corpus_statistic (
    scope text not null,
    change_id bigint not null,
    clauses integer not null,
    terms bigint not null,
    constraint pk_corpus_statistic primary key (scope, change_id),
    constraint fk_corpus_statistic_change_id foreign key (change_id) references corpus_change (id),
    constraint ck_corpus_statistic_clauses check (clauses >= 0),
    constraint ck_corpus_statistic_terms check (terms >= 0)
)
"""

TABLES = (
    "corpus_statistic",
    "term_statistic",
    "term",
    "clause",
    "passage_vector",
    "embedding_model",
    "passage",
    "corpus_change",
)


def upgrade() -> None:
    """The corpus."""
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '60s'")
    for statements in (EXTENSIONS, CHANGES, PASSAGES, CLAUSES, STATISTICS):
        for statement in statements.split(";"):
            op.execute(statement)


def downgrade() -> None:
    """Nothing of it; the extensions stay, since others may use them."""
    op.execute("set local lock_timeout = '2s'")
    op.execute("set local statement_timeout = '60s'")
    for table in TABLES:
        op.execute(f"drop table {table}")
