"""nginx and Caddy in front of optout-web, private instances with the sites of doc/web.md."""

import re
import ssl
import subprocess
import textwrap

from lab.ports import free_port, is_open
from lab.proc import Process
from lab.product import CHECKOUT

HOST = "unsubscribe.example.com"


def site_of(chapter):
    """The longest indented block below a heading of doc/web.md."""
    text = (CHECKOUT / "doc/web.md").read_text().partition(f"\n## {chapter}\n")[2]
    text = text.partition("\n## ")[0]
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.M)
    return textwrap.dedent(max(blocks, key=len))


def changed(text, *changes):
    """The text with each of these in another's place; each has to be there."""
    for old, new in changes:
        assert old in text, f"{old} is not in doc/web.md"
        text = text.replace(old, new)
    return text


def make_certificate(folder):
    """A key and certificate of its own for HOST."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


class Proxy:
    """directory: a dirs.PrivateDir; upstream: where optout-web listens, as the proxy writes it."""

    def __init__(self, directory, upstream):
        self.folder = directory.sub("proxy", 0o755)
        self.port = free_port()
        self.upstream = upstream
        make_certificate(self.folder)
        self._process = None

    def start(self):
        self._process = Process(self.command(), self.folder / "output")
        self._process.wait_ready(lambda: is_open(self.port))
        return self

    def stop(self):
        self._process.stop()

    def log(self):
        """All that it has written anywhere."""
        return "\n".join(f"{path.name}:\n{path.read_text(errors='replace')}"
                         for path in sorted(self.folder.rglob("*"))
                         if path.is_file() and path.suffix in (".log", "") )  # fmt: skip

    def tls(self):
        context = ssl.create_default_context(cafile=self.folder / "cert.pem")
        return context


class Nginx(Proxy):
    def command(self):
        site = changed(
            site_of("nginx"),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port} ssl http2;"),
            ("listen [::]:443 ssl http2;", ""),
            ("/etc/ssl/unsubscribe.example.com.pem", str(self.folder / "cert.pem")),
            ("/etc/ssl/private/unsubscribe.example.com.key", str(self.folder / "key.pem")),
            ("/var/log/nginx/", f"{self.folder}/"),
            ("server 127.0.0.1:8480;", f"server {self.upstream};"),
        )  # fmt: skip
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "\n".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        (self.folder / "nginx.conf").write_text(
            f"daemon off;\npid {self.folder}/pid;\nerror_log {self.folder}/main.log;\n"
            f"events {{}}\nhttp {{\n{temporary}\n{site}\n}}\n"
        )
        return ["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf",
                "-e", self.folder / "main.log"]  # fmt: skip


class Caddy(Proxy):
    def command(self):
        site = changed(
            site_of("Caddy"),
            ("unsubscribe.example.com {", f"https://{HOST}:{self.port} {{\n    bind 127.0.0.1\n"
             f"    tls {self.folder}/cert.pem {self.folder}/key.pem"),
            ("/var/log/caddy/", f"{self.folder}/"),
            ("reverse_proxy 127.0.0.1:8480", f"reverse_proxy {self.upstream}"),
        )  # fmt: skip
        quiet = "{\n    admin off\n    auto_https disable_redirects\n    log {\n        exclude http.log.error\n    }\n}\n"
        (self.folder / "Caddyfile").write_text(quiet + site)
        return ["env", f"HOME={self.folder}", f"XDG_DATA_HOME={self.folder}/data",
                f"XDG_CONFIG_HOME={self.folder}/config",
                "caddy", "run", "--adapter", "caddyfile", "--config", self.folder / "Caddyfile"]  # fmt: skip
