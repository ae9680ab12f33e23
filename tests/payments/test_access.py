"""Who asks for payments of others is told that there are none, and the audit that somebody asked."""

from uuid import UUID

import pytest

from application.payments.access import must_be_in_sight, whose
from application.shared.context import Caller
from domain.shared.refused import Hidden

ANN, BOB = UUID(int=1), UUID(int=2)
CUSTOMER = Caller(ANN, "user")
READS_ALL = [Caller(BOB, "admin"), Caller(BOB, "auditor")]


@pytest.mark.parametrize("customer_id", [BOB, None])
def test_a_payment_that_is_not_theirs_is_hidden_from_a_customer(customer_id):
    with pytest.raises(Hidden):
        must_be_in_sight(customer_id, CUSTOMER)
    must_be_in_sight(ANN, CUSTOMER)


def test_a_customer_lists_their_own_and_nobody_elses():
    assert whose(None, CUSTOMER) == whose(ANN, CUSTOMER) == ANN
    with pytest.raises(Hidden):
        whose(BOB, CUSTOMER)


@pytest.mark.parametrize("reader", READS_ALL)
def test_who_reads_all_lists_everybodys_or_those_of_one(reader):
    must_be_in_sight(ANN, reader)
    assert (whose(None, reader), whose(ANN, reader)) == (None, ANN)


def test_who_is_nobody_has_no_payments():
    with pytest.raises(Hidden):
        whose(None, Caller(None, "user"))
