"""The pages as they are rendered, served on loopback as optout-web serves them, without a list."""

import http.server
import re
import subprocess
import threading
import urllib.parse

from lab.product import CHECKOUT, program
from lab.web import templates

LANGUAGES = ("en", "de", "fr")

CONFIGURATION = """
public_url = "https://unsubscribe.acme.example/"
templates = "{folder}/templates"
stream newsletter {{
    scope = acme/newsletter
    title = "Acme Newsletter"
    match_login = a
}}
stream offers {{
    scope = acme/offers
    title = "Acme Offers"
    match_login = b
}}
stream globex {{
    scope = globex/offers
    match_login = c
}}
brand acme {{
    scope = acme
    name = "Acme"
    logo = "{folder}/logo.svg"
    color = "#7a1fa2"
    imprint_url = "https://www.acme.example/imprint"
    privacy_url = "https://www.acme.example/privacy"
    accessibility_url = "https://www.acme.example/accessibility"
    postal_address = {{"Acme GmbH", "Beispielstraße 1", "12345 Musterstadt"}}
    reasons = {{"too-many", "not-relevant", "never-signed-up", "moved: I moved away",
               "moved[de]: Ich bin umgezogen", "moved[fr]: J’ai déménagé", "other"}}
}}
"""

LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 40" width="150" height="40">
<circle cx="20" cy="20" r="15" fill="#7a1fa2"/><path d="M20 10l8 18h-16z" fill="#fff"/>
<text x="44" y="28" font-family="sans-serif" font-size="24" font-weight="700" fill="#2a0d3a">Acme</text>
</svg>
"""


def policy():
    """The Content-Security-Policy, as the header of the source has it."""
    text = (CHECKOUT / "src/web/page.h").read_text()
    lines = re.search(r"define PAGE_CONTENT_SECURITY_POLICY((?:.*\\\n)+.*\n)", text).group(1)
    return "".join(re.findall(r'"([^"]*)"', lines))


class Pages:
    """All samples of tests/web/samples.h, as NAME.LANGUAGE.html; what is posted is kept."""

    def __init__(self, folder):
        self.folder = folder
        self.posted = []
        templates(folder)
        (folder / "logo.svg").write_text(LOGO)
        (folder / "optout.conf").write_text(CONFIGURATION.format(folder=folder))
        self.site = folder / "site"
        self.site.mkdir()
        subprocess.run(
            [program("tests/web/render"), folder / "optout.conf", self.site, *LANGUAGES], check=True
        )
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _handler(pages):
        headers = {
            "Content-Security-Policy": policy(),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

        class Handler(http.server.SimpleHTTPRequestHandler):
            extensions_map = {".html": "text/html; charset=utf-8", ".css": "text/css", ".svg": "image/svg+xml"}

            def __init__(self, *arguments):
                super().__init__(*arguments, directory=pages.site)

            def end_headers(self):
                for name, value in headers.items():
                    self.send_header(name, value)
                super().end_headers()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                pages.posted.append((self.path, urllib.parse.parse_qs(body, keep_blank_values=True)))
                self.do_GET()

            def log_message(self, *_):
                pass

        return Handler

    def names(self):
        """Of the samples."""
        return sorted(path.name.removesuffix(".en.html") for path in self.site.glob("*.en.html"))

    def url(self, name, language):
        return f"http://127.0.0.1:{self._server.server_port}/{name}.{language}.html"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
