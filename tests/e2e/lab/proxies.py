"""nginx, Caddy and Apache in front of optout-web, private instances with the sites of doc/web.md."""

import re
import ssl
import subprocess
import textwrap

from lab.ports import free_port, is_open
from lab.proc import Process
from lab.product import CHECKOUT

HOST = "unsubscribe.example.com"


def blocks_of(chapter):
    """The indented blocks below a heading of doc/web.md."""
    text = (CHECKOUT / "doc/web.md").read_text().partition(f"\n## {chapter}\n")[2]
    text = text.partition("\n## ")[0]
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.M)
    return [textwrap.dedent(block).strip("\n") + "\n" for block in blocks if block.strip()]


def site_of(chapter):
    """The first of them."""
    return blocks_of(chapter)[0]


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

    BODY_SECONDS = 30  # for the body of a request as a whole, where the proxy has a limit

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
        top = changed(
            blocks_of("Caddy")[1],
            ("read_body   30s", f"read_body   {self.BODY_SECONDS}s"),
            ("{\n    log {", "{\n    admin off\n    auto_https disable_redirects\n    log {"),
        )
        (self.folder / "Caddyfile").write_text(top + site)
        return ["env", f"HOME={self.folder}", f"XDG_DATA_HOME={self.folder}/data",
                f"XDG_CONFIG_HOME={self.folder}/config",
                "caddy", "run", "--adapter", "caddyfile", "--config", self.folder / "Caddyfile"]  # fmt: skip


class Apache(Proxy):
    """Debian's program and modules, without Debian's configuration."""

    MODULES = ("mpm_event", "authz_core", "ssl", "proxy", "proxy_http", "headers", "reqtimeout")

    def command(self):
        site = changed(
            site_of("Apache"),
            ("<VirtualHost *:443>", f"<VirtualHost 127.0.0.1:{self.port}>"),
            ("/etc/ssl/unsubscribe.example.com.pem", str(self.folder / "cert.pem")),
            ("/etc/ssl/private/unsubscribe.example.com.key", str(self.folder / "key.pem")),
            ("http://127.0.0.1:8480/", f"http://{self.upstream}/"),
            ("body=30", f"body={self.BODY_SECONDS}"),
        )  # fmt: skip
        modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
                            for name in self.MODULES)  # fmt: skip
        (self.folder / "apache.conf").write_text(
            f"{modules}\nServerRoot {self.folder}\nServerName localhost\nPidFile {self.folder}/pid\n"
            f"DefaultRuntimeDir {self.folder}\nMutex file:{self.folder}\nErrorLog {self.folder}/main.log\n"
            f"User www-data\nGroup www-data\nDefine APACHE_LOG_DIR {self.folder}\n"
            f"Listen 127.0.0.1:{self.port}\n{site}"
        )  # fmt: skip
        return ["apache2", "-f", self.folder / "apache.conf", "-DFOREGROUND"]
