"""What is said about a node's own work: presence, draining, capacity."""

import pytest

from application.tasks.node import DrainNode, ResumeNode, SeeNode, SetNodeCapacity
from domain.identity.events import RoleGranted, UserDisabled, UserEnabled, UserErased
from domain.identity.role import Role
from domain.shared.refused import Forbidden, Invalid, NotFound
from domain.tasks.events import NodeCapacitySet, NodeDrained, NodeResumed
from domain.tasks.node import node_stream
from projections.tasks.nodes import NODES
from tests.scenario import NOON, folded
from tests.tasks import people as p


async def test_signs_of_life_are_recorded_at_most_every_half_minute():
    world = await p.world_with_nodes()
    for _ in range(61):
        seen = await world.do(SeeNode(), p.NODE)
        world.later(seconds=1)
    assert [event.at for event in world.events(node_stream(p.NODE_ID))] == [NOON, p.minutes(0.5), p.minutes(1)]
    assert (seen.node_id, seen.last_seen_at) == (p.NODE_ID, p.minutes(1))
    await world.refuses(Forbidden, SeeNode(), p.ADMIN)


async def test_draining_and_resuming_twice_is_no_news():
    world = await p.world_with_nodes()
    for command in (ResumeNode, DrainNode, DrainNode, ResumeNode, ResumeNode):
        node = await world.do(command(node_id=p.NODE_ID), p.ADMIN)
        assert node.node_id == p.NODE_ID
    assert world.events(node_stream(p.NODE_ID)) == [NodeDrained(at=NOON, node_id=p.NODE_ID), NodeResumed(at=NOON, node_id=p.NODE_ID)]


async def test_capacity_is_set_and_taken_back():
    world = await p.world_with_nodes()
    for capacity in (4, 4, None):
        await world.do(SetNodeCapacity(node_id=p.NODE_ID, capacity=capacity), p.NODE)
    events = world.events(node_stream(p.NODE_ID))
    assert events == [NodeCapacitySet(at=NOON, node_id=p.NODE_ID, capacity=4), NodeCapacitySet(at=NOON, node_id=p.NODE_ID)]
    await world.refuses(Invalid, SetNodeCapacity(node_id=p.NODE_ID, capacity=0), p.NODE)


@pytest.mark.parametrize("command", [DrainNode, ResumeNode, SetNodeCapacity])
async def test_a_node_is_run_by_itself_and_by_administrators(command):
    world = await p.world_with_nodes()
    await world.refuses(NotFound, command(node_id=p.NODE_ID), p.OTHER_NODE)
    await world.refuses(Forbidden, command(node_id=p.NODE_ID), p.ANN)
    await world.refuses(NotFound, command(node_id=p.ANN.id), p.ADMIN)


async def test_the_list_of_nodes_shows_each_node_as_it_is_and_no_people():
    world = await p.world_with_nodes()
    await world.do(SeeNode(), p.NODE)
    await world.do(DrainNode(node_id=p.NODE_ID), p.ADMIN)
    await world.do(SetNodeCapacity(node_id=p.OTHER_ID, capacity=3), p.ADMIN)
    await world.happened(p.ANN.id, UserDisabled(user_id=p.ANN.id))
    await world.happened(p.OTHER_ID, UserDisabled(user_id=p.OTHER_ID))
    rows = folded(NODES, world.recorded)
    assert set(rows) == {p.NODE_ID, p.OTHER_ID}
    one, other = rows[p.NODE_ID], rows[p.OTHER_ID]
    assert (one.active, one.draining, one.capacity, one.last_seen_at, one.known_since) == (True, True, None, NOON, NOON)
    assert (other.active, other.draining, other.capacity, other.last_seen_at) == (False, False, 3, None)
    await world.do(ResumeNode(node_id=p.NODE_ID), p.ADMIN)
    await world.happened(p.OTHER_ID, UserEnabled(user_id=p.OTHER_ID), RoleGranted(user_id=p.OTHER_ID, role=Role.USER))
    rows = folded(NODES, world.recorded)
    assert (rows[p.NODE_ID].draining, rows[p.OTHER_ID].active) == (False, True)
    await world.happened(p.OTHER_ID, UserErased(user_id=p.OTHER_ID, erased_at=NOON))
    erased = folded(NODES, world.recorded)[p.OTHER_ID]
    assert (erased.active, erased.is_node) == (False, False)
