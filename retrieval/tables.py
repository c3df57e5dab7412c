"""The tables of the policy corpus."""

import sqlalchemy as sa

metadata = sa.MetaData()
