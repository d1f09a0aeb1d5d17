"""The bytes of a site's stores: what lies sealed in their tables, and whether it is in a file."""

import lmdb


def rows(site, store, table):
    """All rows of a table, as bytes."""
    env = lmdb.open(str(site.data / store), map_size=1 << 30, max_dbs=16, readonly=True)
    try:
        with env.begin() as txn:
            with txn.cursor(env.open_db(table.encode(), txn=txn, create=False)) as cursor:
                return dict(cursor)
    finally:
        env.close()


def sealed(site, store, *tables):
    """What lies sealed in these tables, without the octet of its type or nonce in front."""
    return {value[1:] for table in tables for value in rows(site, store, table).values()
            if len(value) > 16}  # fmt: skip


def files_with(site, *needles):
    """The files below the data directory that hold one of these bytes."""
    found = []
    for path in sorted(site.data.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            found += [path.name for needle in needles if needle in content]
    return found
