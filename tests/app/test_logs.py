"""What the log is for, and what is told elsewhere."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.logs import configure_logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is written, with logging as it was afterwards."""
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    configure_logs(stream=stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)
    structlog.configure(**before)


def test_a_library_is_heard_once(lines):
    """A warning is a line of JSON; one of the PDF reader is not: a damaged file is refused in words."""
    logging.getLogger("some.library").warning("look here")
    logging.getLogger("pypdf._reader").warning("EOF marker not found")
    [line] = lines.getvalue().splitlines()
    assert line == '{"event":"look here","logger":"some.library","level":"warning"}'
