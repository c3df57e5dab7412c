"""The tables of the corpus. Rows of `clause` are never edited, save that their known period is closed.

Ends are exclusive; an open end is infinity. Plain dates rather than ranges, because every search compares
them with every clause and a range costs ten times as much; the ranges of the exclusion constraint say the
same.

A passage is a text as it is searched, held once however many editions state it; its vector and its terms
follow from its content alone. The statistics of BM25 grow by rows that name the change that made them, so
the change's id is a snapshot: a search known at that change finds the same for ever.

Passages stand in blocks by their ids. A posting has the weights of one word for all passages of a block, and
a block the documents and the bounds in time of all clauses that state its passages, so that a search leaves
out blocks in which nothing can be in force.
"""

from pgvector.sqlalchemy import SPARSEVEC, VECTOR
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIT, ExcludeConstraint

from retrieval.lexical import BLOCK

SPARSE_DIMENSIONS = 1_000_000_000
"""The widest that a sparsevec may be: a term's id is its dimension, pairs of terms have the upper half."""

INDEXED_DIMENSIONS = 384
"""The width of the vectors that have an index."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

corpus_change = Table(
    "corpus_change",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("known_at", DateTime(timezone=True), nullable=False, unique=True),
    Column("kind", Text, CheckConstraint("kind in ('ingest', 'withdrawal')", name="kind"), nullable=False),
    Column("document", Text, nullable=False),
    Column("edition", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("opened", Integer, nullable=False),
    Column("closed", Integer, nullable=False),
    Index(None, "document", "edition", "id"),
)

passage = Table(
    "passage",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("heading", Text),
    Column("text", Text, nullable=False),
    Column("length", Integer, CheckConstraint("length >= 0", name="length"), nullable=False),
    Column("terms", ARRAY(Integer), nullable=False),
    Column("counts", ARRAY(Integer), nullable=False),
    Column("weights", SPARSEVEC(SPARSE_DIMENSIONS), nullable=False),
    CheckConstraint("cardinality(terms) = cardinality(counts)", name="counts"),
)

# Bounds of a block of which no passage is stated yet hold nothing.
passage_block = Table(
    "passage_block",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("documents", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("effective_from", Date, nullable=False, server_default=text("'infinity'")),
    Column("effective_to", Date, nullable=False, server_default=text("'-infinity'")),
    Column("known_from", DateTime(timezone=True), nullable=False, server_default=text("'infinity'")),
    Column("known_to", DateTime(timezone=True), nullable=False, server_default=text("'-infinity'")),
)

clause = Table(
    "clause",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("document", Text, nullable=False),
    Column("clause", Text, nullable=False),
    Column("edition", Text, nullable=False),
    Column(
        "kind",
        Text,
        CheckConstraint("kind in ('part', 'section', 'clause', 'paragraph', 'row')", name="kind"),
        nullable=False,
    ),
    Column("parent", Text),
    Column("path", ARRAY(Text), nullable=False),
    Column("position", Integer, nullable=False),
    Column("title", Text),
    Column("source", Text, nullable=False),
    Column("searched", Boolean, nullable=False),
    Column("names", ARRAY(Text), nullable=False),
    Column("refers_to", ARRAY(Text), nullable=False),
    Column("defines", ARRAY(Text), nullable=False),
    Column("stated_to", Date),
    Column("withdrawn_on", Date),
    Column("effective_from", Date, nullable=False),
    Column("effective_to", Date, nullable=False, server_default=text("'infinity'")),
    Column("known_from", DateTime(timezone=True), nullable=False),
    Column("known_to", DateTime(timezone=True), nullable=False, server_default=text("'infinity'")),
    Column("passage_id", BigInteger, ForeignKey("passage.id"), nullable=False),
    CheckConstraint("effective_from < effective_to", name="binds"),
    CheckConstraint("known_from < known_to", name="was_known"),
    ExcludeConstraint(
        ("document", "="),
        ("clause", "="),
        (text("daterange(effective_from, effective_to)"), "&&"),
        (text("tstzrange(known_from, known_to)"), "&&"),
        name="ex_clause_one_text_at_a_time",
        using="gist",
    ),
    Index("ix_clause_name", "clause", "document"),
    Index("ix_clause_document", "document"),
    Index(
        "uq_clause_edition_now",
        "document",
        "clause",
        "edition",
        unique=True,
        postgresql_where=text("known_to = 'infinity'"),
    ),
    Index("ix_clause_names", "names", postgresql_using="gin"),
    Index("ix_clause_refers_to", "refers_to", postgresql_using="gin"),
    Index("ix_clause_defines", "defines", postgresql_using="gin"),
    Index("ix_clause_passage_id", "passage_id"),
    # From a passage to its clauses in force without reading them.
    Index(
        "ix_clause_in_force",
        "passage_id",
        postgresql_include=["id", "effective_from", "effective_to", "known_from", "known_to"],
        postgresql_where=text("searched"),
    ),
)

term = Table(
    "term",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("word", Text, nullable=False, unique=True),
)

# Weights are kept in the row and uncompressed (see the migration): unpacking them would take as long as
# adding them up.
posting = Table(
    "posting",
    metadata,
    Column("term_id", Integer, ForeignKey("term.id"), primary_key=True),
    Column("block", Integer, ForeignKey("passage_block.id"), primary_key=True),
    Column("weights", SPARSEVEC(BLOCK), nullable=False),
)

term_statistic = Table(
    "term_statistic",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("term_id", Integer, ForeignKey("term.id"), primary_key=True),
    Column("change_id", BigInteger, ForeignKey("corpus_change.id"), primary_key=True),
    Column("clauses", Integer, CheckConstraint("clauses >= 0", name="clauses"), nullable=False),
)

corpus_statistic = Table(
    "corpus_statistic",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("change_id", BigInteger, ForeignKey("corpus_change.id"), primary_key=True),
    Column("clauses", Integer, CheckConstraint("clauses >= 0", name="clauses"), nullable=False),
    Column("terms", BigInteger, CheckConstraint("terms >= 0", name="terms"), nullable=False),
)

embedding_model = Table(
    "embedding_model",
    metadata,
    Column("id", SmallInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("dimensions", Integer, CheckConstraint("dimensions > 0", name="dimensions"), nullable=False),
    Column("added_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
)

passage_vector = Table(
    "passage_vector",
    metadata,
    Column("model_id", SmallInteger, ForeignKey("embedding_model.id"), nullable=False),
    Column("passage_id", BigInteger, ForeignKey("passage.id"), nullable=False),
    Column("embedding", VECTOR(), nullable=False),
    UniqueConstraint("passage_id", "model_id"),
    # For vectors as wide as the local model's; those of any other width are searched one by one.
    Index(
        "ix_passage_vector_near",
        literal_column(f"(embedding::vector({INDEXED_DIMENSIONS}))").label("near"),
        postgresql_ops={"near": "vector_cosine_ops"},
        postgresql_using="hnsw",
        postgresql_where=text(f"vector_dims(embedding) = {INDEXED_DIMENSIONS}"),
    ),
)

# A vector's signs: so narrow that those of whole blocks are read faster than an index finds those in force.
passage_sketch = Table(
    "passage_sketch",
    metadata,
    Column("model_id", SmallInteger, ForeignKey("embedding_model.id"), primary_key=True, autoincrement=False),
    Column("passage_id", BigInteger, ForeignKey("passage.id"), primary_key=True, autoincrement=False),
    Column("signs", BIT(varying=True), nullable=False),
)
