"""What production has no need of: the embedded database, the reference model APIs, sample applications."""
