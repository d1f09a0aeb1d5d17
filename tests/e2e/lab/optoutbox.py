"""The address that takes opt-outs by mail: Postfix hands what comes there to `optout receive`."""

import shutil

from lab.product import program

BOX = "optout@acme.example"
OWNER = "bin"  # pipe(8) runs nothing as root

OWNERS = {"user": OWNER, "group": OWNER}


def service(site, conf=None):
    """Lines of master.cf. The program is copied: a checkout may lie where only root gets."""
    tool = shutil.copy(program("optout"), site.root)
    return (
        f"optout unix - n n - - pipe flags= null_sender= user={OWNER}\n"
        f"  argv={tool} -c {conf or site.conf} receive --sender ${{sender}}"
        " --recipient=${original_recipient}\n"
    )


SETTINGS = {
    "transport_maps": f"inline:{{{{{BOX} = optout:}}}}",
    "recipient_delimiter": "+",
}
