"""What a deployment is made of; dashboards and alerts are written by `python -m deploy`."""
