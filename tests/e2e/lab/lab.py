"""What a test asks for its servers: makes them, shows their logs, ends them in reverse order."""

import contextlib

from lab.dirs import PrivateDir
from lab.dovecot import Dovecot
from lab.opendkim import OpenDkim
from lab.postfix import Postfix
from lab.product import Site
from lab.sendmail import Sendmail
from lab.sink import Sink
from lab.web import Web


class Lab:
    """One private directory and what runs in it. Several of one kind get directories of their own
    by a name."""

    def __init__(self, name):
        self._ends = contextlib.ExitStack()
        self._name = name
        self._logs = []

    def directory(self, name=None):
        made = PrivateDir(f"{self._name}-{name}" if name else self._name)
        self._ends.callback(made.close)
        return made

    def keep_ending(self, end):
        """end() is called when the lab is closed, the last one first."""
        self._ends.callback(end)

    def sink(self, answer=None):
        sink = Sink(answer)
        self._ends.callback(sink.close)
        return sink

    def postfix(self, relay_port, **more):
        """A started Postfix, see there."""
        return self._run(Postfix(self.directory("mta"), relay_port, **more), "maillog")

    def _run(self, server, title):
        self._ends.callback(server.stop)
        if hasattr(server, "log"):
            self._logs.append((title, server.log))
        return server.start()

    def sendmail(self, relay_port, **more):
        """A started Sendmail, see there."""
        return self._run(Sendmail(self.directory("sm"), relay_port, **more), "sendmail")

    def dovecot(self, users):
        """A started Dovecot, see there."""
        return self._run(Dovecot(self.directory("sasl"), users), "dovecot")

    def opendkim(self, **more):
        """A started OpenDKIM, see there."""
        return self._run(OpenDkim(self.directory("dkim"), **more), "opendkim")

    def site(self, init=True, **more):
        """A Site with its stores made (init), and not started yet: see product.Site.start."""
        site = Site(self.directory("site"), **more)
        self._ends.callback(site.stop)
        self._logs.append(("optout-milter", site.log))
        return site.init() if init else site

    def web(self, site, start=True, **more):
        """A started Web, see there."""
        web = Web(site, **more)
        self._ends.callback(web.stop)
        self._logs.append(("optout-web", web.log))
        return web.start() if start else web

    def proxy(self, kind, upstream):
        """A started Nginx, Caddy or Apache, see there."""
        return self._run(kind(self.directory("proxy"), upstream), kind.__name__)

    def logs(self):
        """(name, text) of what the servers have logged so far."""
        return [(name, read()) for name, read in self._logs]

    def close(self):
        self._ends.close()
