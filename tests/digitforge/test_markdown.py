"""Text of unknown origin stays text."""

from __future__ import annotations

import re

import pytest

from digitforge.markdown import literal


@pytest.mark.parametrize("text", ["# title", "a\n---\nb", "[a](b)", "<script>", "`code`", "| cell |", "![i](j)"])
def test_texts_of_the_file_are_neither_markdown_nor_html(text: str) -> None:
    shown = literal(text)
    assert "\n" not in shown
    assert "<" not in shown
    assert not re.search(r"(?<!\\)[#`\[\]|!]", shown)
