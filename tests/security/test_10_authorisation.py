"""Whoever has no permission is refused, whatever their role, roles and scopes are called (requirement X-09)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.shared.context import ANONYMOUS, Caller
from application.shared.permissions import NEVER_SCOPED, PERMISSIONS, ROLES, Reach, must, reach, scopes_for
from domain.shared.refused import Forbidden

NAMES = sorted(PERMISSIONS)
known_roles = st.sampled_from(ROLES)
words = st.text(max_size=30)
permissions = st.sampled_from(NAMES)
scopes = st.one_of(permissions, words, st.sampled_from([f"{name.partition(':')[0]}:*" for name in NAMES] + ["*", "*:*", ":*", ":", "TASKS:READ"]))


def caller(*roles: str, scopes: frozenset[str] | None = None) -> Caller:
    return Caller(None, roles[0], roles=frozenset(roles), scopes=scopes)


@given(role=words.filter(lambda role: role not in {*ROLES, "system"}), permission=permissions)
def test_an_unknown_role_may_nothing(role, permission):
    for unknown in (Caller(None, role), caller(role)):
        with pytest.raises(Forbidden):
            must(unknown, permission)


@given(role=known_roles, permission=words.filter(lambda name: name not in PERMISSIONS), every=st.booleans())
def test_an_unknown_permission_nobody_has(role, permission, every):
    with pytest.raises(Forbidden):
        must(caller(role, scopes=frozenset({permission, f"{permission.partition(':')[0]}:*"}) if every else None), permission)


@given(roles=st.lists(known_roles, min_size=1), permission=permissions)
def test_several_roles_reach_as_far_as_the_furthest_of_them(roles, permission):
    assert reach(caller(*roles), permission) == max(reach(caller(role), permission) for role in roles)


@given(roles=st.lists(known_roles, min_size=1), permission=permissions, given=st.frozensets(scopes))
def test_scopes_never_widen_what_the_roles_permit(roles, permission, given):
    bounded = reach(caller(*roles, scopes=given), permission)
    assert bounded in {Reach.NONE, reach(caller(*roles), permission)}
    if bounded is not Reach.NONE:
        assert permission in given or f"{permission.partition(':')[0]}:*" in given


@given(roles=st.lists(known_roles, min_size=1), permission=permissions, fewer=st.frozensets(scopes), more=st.frozensets(scopes))
def test_fewer_scopes_never_permit_more(roles, permission, fewer, more):
    assert reach(caller(*roles, scopes=fewer), permission) <= reach(caller(*roles, scopes=fewer | more), permission)


@given(roles=st.lists(known_roles, min_size=1), given=st.frozensets(scopes))
def test_passwords_factors_and_keys_are_beyond_every_scope(roles, given):
    for permission in NEVER_SCOPED:
        assert reach(caller(*roles, scopes=given | {permission, "self:*"}), permission) is Reach.NONE


@given(roles=st.frozensets(known_roles, min_size=1))
def test_the_scopes_offered_are_exactly_those_that_permit_something(roles):
    useful = [name for name in PERMISSIONS if reach(caller(*roles, scopes=frozenset({name})), name) is not Reach.NONE]
    assert scopes_for(roles) == useful


@pytest.mark.parametrize("permission", NAMES)
def test_nobody_may_nothing(permission):
    with pytest.raises(Forbidden):
        must(ANONYMOUS, permission)
