"""What a page is made of, as a browser would read it."""

from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta"}

NAMES = {"html", "head", "body", "title", "style", "script", "header", "nav", "main", "section",
         "article", "footer", "details", "summary", "figure", "figcaption", "table", "caption",
         "thead", "tbody", "tr", "th", "td", "ul", "li", "dl", "dt", "dd", "div", "p", "pre",
         "h1", "h2", "h3", "a", "b", "i", "span", "small", "strong", "code", "data", "button",
         "label", "progress", "noscript", "svg", "g", "path", "text", "defs", "clippath", "rect",
         "line", "circle", "wbr", *VOID}  # fmt: skip


class Checker(HTMLParser):
    """Notes ids, links and texts of a page, and refuses what is not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.sections, self.text = [], [], [], [], ""
        self.loads = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        assert tag in NAMES, tag
        if tag not in VOID and tag != "wbr":
            self.open.append(tag)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.sections += [attrs["id"]] if tag == "section" else []
        self.links += [attrs["href"]] if tag == "a" else []
        self.loads += [attrs[k] for k in ("src", "srcset", "data", "action") if k in attrs]
        self.loads += [attrs["href"]] if tag == "link" else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text += data
