"""Fixtures of the core's tests."""

import pytest

from decisioning.product import Product
from tests.factories import tiny_product


@pytest.fixture(scope="session")
def product(tmp_path_factory) -> Product:
    """The tiny product."""
    return tiny_product(tmp_path_factory.mktemp("products"))
