"""The text of a private Postfix's main.cf and master.cf."""

import dataclasses

MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
maillog_file = {root}/log/maillog
maillog_file_prefixes = {root}/log
multi_instance_name =
myhostname = mta.test
mydomain = test
myorigin = mta.test
mydestination =
local_recipient_maps =
local_transport = error:no local delivery here
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{relay_port}
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject
smtpd_recipient_restrictions =
disable_dns_lookups = yes
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
smtputf8_enable = yes
notify_classes =
biff = no
append_dot_mydomain = no
default_process_limit = 100
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_port_logging = no
in_flow_delay = 0
smtp_tls_security_level =
smtpd_tls_security_level =
"""

# cleanup has no process limit: with 100 smtpd that wait for a milter, 100 cleanups are needed.
MASTER = """\
pickup    unix  n - n 1  1 pickup
cleanup   unix  n - n -  0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -  - trivial-rewrite
bounce    unix  - - n -  0 bounce
defer     unix  - - n -  0 bounce
trace     unix  - - n -  0 bounce
verify    unix  - - n -  1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -  - proxymap
proxywrite unix - - n -  1 proxymap
smtp      unix  - - n -  - smtp
relay     unix  - - n -  - smtp
showq     unix  n - n -  - showq
error     unix  - - n -  - error
retry     unix  - - n -  - error
discard   unix  - - n -  - discard
local     unix  - n n -  - local
anvil     unix  - - n -  1 anvil
scache    unix  - - n -  1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclasses.dataclass
class Listener:
    """One smtpd: a port of its own and the options that only it has."""

    port: int
    options: dict
    chroot: bool = False

    def line(self):
        flag = "y" if self.chroot else "n"
        options = "".join(f"\n  -o {{ {name} = {text} }}" for name, text in self.options.items())
        return f"127.0.0.1:{self.port} inet n - {flag} - 100 smtpd{options}\n"


def main_cf(root, relay_port, settings):
    """The whole of main.cf; settings (name -> value) win over what stands above."""
    lines = MAIN.format(root=root, relay_port=relay_port)
    kept = [line for line in lines.splitlines() if line.split(" = ")[0].strip(" =") not in settings]
    return "\n".join(kept + [f"{name} = {text}" for name, text in settings.items()]) + "\n"


def master_cf(listeners, services):
    """The whole of master.cf; services are further lines, as they are."""
    return MASTER + "".join(listener.line() for listener in listeners) + "".join(services)
