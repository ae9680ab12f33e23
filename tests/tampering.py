"""What somebody with all rights may do to a database behind Daybook's back."""

from contextlib import contextmanager

import psycopg


@contextmanager
def tampered(database, *statements):
    """What somebody with all rights did, undone in the end."""
    with psycopg.connect(database.super_url, autocommit=True) as connection:
        connection.execute("alter table daybook.events disable trigger all")
        for forth, _ in statements:
            connection.execute(*forth)
        yield
        for _, back in statements:
            connection.execute(*back)
        connection.execute("alter table daybook.events enable trigger all")


def edited(kind, of, before, after):
    """A number in the events of a kind that name this order or product is another one."""
    query = f"""update daybook.events set data = convert_to(replace(convert_from(data, 'UTF8'), %s, %s), 'UTF8')
                where type = '{kind}' and convert_from(data, 'UTF8') like %s"""
    named = f"%{of}%"
    return (query, (before, after, named)), (query, (after, before, named))
