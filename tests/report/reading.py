"""A page as its readers find it."""

import re
from html.parser import HTMLParser

from pytest_persona.report.page import render

HOSTILE = """<script>alert(1)</script>"'&{{ 7 * 7 }}<img src=http://example.org/x>"""


class Page(HTMLParser):
    """What a page holds; refuses elements that are not closed in order."""

    def __init__(self, *shown, tested=(), findings=(), levels=()):
        super().__init__()
        self.elements, self.texts, self._open = [], {}, []
        self.source = render(tested, shown, 0, findings, levels)
        self.feed(self.source)
        self.close()
        self.text = " ".join(" ".join(self.texts.values()).split())
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in ("meta", "br"):
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open:
            self.texts[self._open[-1]] = self.texts.get(self._open[-1], "") + data

    def all(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]

    def refuse_to_act(self):
        """Fail where the page runs or loads something."""
        assert not {tag for tag, _ in self.elements} & {"script", "link", "iframe", "img", "image", "object", "use"}
        assert not {tag for tag, _ in self.elements} & {"embed", "base", "form", "video", "audio"}
        for _, attributes in self.elements:
            assert not {"src", "srcset", "data", "action", "xlink:href"} & attributes.keys()
            assert not [name for name in attributes if name.startswith("on")]
            assert attributes.get("href", "#").startswith("#")
        style = "".join(re.findall(r"<style>.*?</style>|style=\"[^\"]*\"", self.source, flags=re.DOTALL))
        assert not re.search(r"@import|url\(|http", style)

    def refuse_loose_ends(self):
        """Fail where a name is given twice, or a link or a label leads nowhere."""
        named = [attributes["id"] for _, attributes in self.elements if "id" in attributes]
        keys = ("aria-labelledby", "aria-describedby")
        assert len(named) == len(set(named))
        assert {link["href"].removeprefix("#") for link in self.all("a")} <= set(named)
        assert {each[key] for _, each in self.elements for key in keys if key in each} <= set(named)
