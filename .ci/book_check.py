"""Used by .ci/book: every link of the book's pages leads to a page, a place in it, or a file of the repository."""

import html.parser
import pathlib
import re
import sys
from urllib.parse import unquote, urlsplit


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.places = [], {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.places.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


book = pathlib.Path(sys.argv[1])
root = pathlib.Path.cwd()
manifest = (root / "Cargo.toml").read_text(encoding="utf-8")
inside = re.search(r'^repository = "(.*)"', manifest, re.MULTILINE)[1] + "/blob/HEAD/"
pages = {path.resolve(): Page(path) for path in book.rglob("*.html") if path.name not in ("print.html", "404.html", "toc.html")}
broken, count = [], 0
for path, page in pages.items():
    for link in page.links:
        count += 1
        if link.startswith(inside):
            file = root / link.removeprefix(inside).split("#")[0]
            if not file.exists():
                broken.append(f"{path.name}: {link}")
            continue
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        known = pages.get(target)
        if not target.exists() or known and unquote(parts.fragment) not in known.places:
            broken.append(f"{path.name}: {link}")
print(f"{len(pages)} pages of the book have {count} links, of which {len(broken)} are broken")
if broken:
    sys.exit("\n".join(broken))
