"""Pages that are made of something else are as it is now."""

import pytest

from cli import reference
from tasks.metrics import dictionary


@pytest.mark.parametrize("maker", [reference, dictionary], ids=lambda one: one.PAGE.name)
def test_a_page_is_as_what_it_is_made_of(maker) -> None:
    """`make pages` writes them anew."""
    assert maker.PAGE.read_text(encoding="utf-8") == maker.written(), "run `make pages`"
