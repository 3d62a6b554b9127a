"""The landing page as a browser takes it: elements, links and the table's cells."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """A page that was read; ``rows`` are those of the table's body, cell by cell."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.rows: list[list[str]] = []
        self._in_body = False
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.add(tag)
        self._in_body |= tag == "tbody"
        if tag == "a":
            self.links.append(dict(attrs)["href"])
        if self._in_body and tag == "tr":
            self.rows.append([])
        if self._in_body and tag in {"td", "th"}:
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        """Leave a cell."""
        self._in_cell = self._in_cell and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        """Note a cell's text."""
        if self._in_cell:
            self.rows[-1][-1] += data
