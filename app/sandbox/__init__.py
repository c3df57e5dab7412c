"""What production has no need of: an embedded Postgres, reference model APIs, sample applications."""
