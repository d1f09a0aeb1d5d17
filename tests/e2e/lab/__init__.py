"""The laboratory of the end-to-end tests: real mail servers, and the programs under test.

Everything runs in private directories below /tmp, on loopback and on free ports, and is ended by
its process id. Nothing below /etc, /var/spool or /var/lib is touched. Root is needed: Postfix's
master refuses to run without it, and Sendmail gets name spaces of its own.

    lab.py            what a test asks for its servers, and what ends them
    postfix.py        a private Postfix            sendmail.py    a private Sendmail 8.17
    dovecot.py        SASL logins for Postfix      opendkim.py    signing and verifying
    sink.py           where the mail arrives       smtp.py        who hands it in
    product.py        the programs under test      milterclient.py  the milter protocol, by hand
    world.py          a site between a Postfix and a sink, as most tests want it
"""
