"""Names and e-mails as those see them who need not know whose they are."""

from uuid import UUID

import pytest

from projections.identity.masking import Viewer, masked_email, masked_name
from projections.identity.people import Wanted, account, accounts, names_of
from projections.identity.person_keys import PersonKeys
from projections.shared.reading import Freshness
from tests.identity.rows import Rows

ANY = Freshness()
ADMIN, AUDITOR = Viewer(UUID(int=0xAD), sees_everybody=True), Viewer(UUID(int=0xAA))


@pytest.mark.parametrize(
    ("name", "masked"), [("Ada Lovelace", "A*** L***"), ("Ada", "A***"), (" van der  Berg ", "v*** d*** B***"), ("É", "É***"), ("erased", "erased")]
)
def test_of_a_name_the_first_letters_are_left(name, masked):
    assert masked_name(name) == masked


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        ("ada@example.org", "a***@e***.org"),
        ("a.very.long.name@mail.eu.example.org", "a***@m***.org"),
        ("root@localhost", "r***@l***"),
        ("x@y.z", "x***@y***.z"),
        ("erased", "erased"),
        ("", ""),
    ],
)
def test_of_an_email_the_first_letters_and_the_end_are_left(email, masked):
    assert masked_email(email) == masked


async def test_auditors_see_masks_administrators_and_the_person_see_what_is_there(identity):
    ada = (await identity.register()).person
    tables, names = Rows(identity), PersonKeys(identity.log, identity.sealing)
    clear, masked = ("Ada Lovelace", "ada@example.org"), ("A*** L***", "a***@e***.org")
    for viewer, expected in ((ADMIN, clear), (Viewer(ada.id), clear), (AUDITOR, masked), (Viewer(None), masked)):
        shown, _ = await account(tables, names, viewer, ada.id, ANY)
        (listed,), _ = await accounts(tables, names, viewer, Wanted(), ANY, limit=9)
        assert (shown.name, shown.email) == (listed.name, listed.email) == expected
        assert (await names_of(Named(tables), names, viewer, [ada.id])) == {ada.id: expected[0]}


class Named:
    """Tables that are asked by a list of ids."""

    def __init__(self, tables: Rows) -> None:
        self.tables = tables

    async def many(self, model, _where, arguments, fresh):
        return await self.tables.many(model, "where id = %b order by id limit %b", (arguments[0][0], 9), fresh)
