"""Asking for an export."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.jobs.views import JobView
from api.shared.access import caller
from api.shared.bodies import Body
from api.shared.commanding import carry_out
from api.shared.parts import parts
from api.shared.project_sight import must_see_project
from api.shared.request import Req
from api.shared.routing import command
from application.jobs.job import RequestJob
from application.shared.permissions import must
from domain.jobs.job import Job
from domain.orders.status import OrderStatus
from domain.shared.money import MOST
from domain.shared.payment_status import PaymentStatus
from domain.tasks.status import Priority, Status

Tag = Annotated[str, Meta(min_length=1, max_length=50)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Moment = Annotated[datetime, Meta(tz=True)]
Price = Annotated[int, Meta(ge=0, le=MOST)]


class TaskFilters(Body, frozen=True, kw_only=True):
    """Which tasks, in the words of their lists; all conditions hold, and of several values of one any. What is left out is no condition."""

    status: Status | Annotated[list[Status], Meta(max_length=6)] | UnsetType = UNSET
    priority: Priority | Annotated[list[Priority], Meta(max_length=4)] | UnsetType = UNSET
    tag: Tag | Annotated[list[Tag], Meta(max_length=20)] | UnsetType = UNSET
    q: Text | UnsetType = UNSET
    search: Text | UnsetType = UNSET
    project_id: UUID | UnsetType = UNSET
    owner_id: UUID | UnsetType = UNSET
    user_id: UUID | UnsetType = UNSET
    assignee_id: UUID | UnsetType = UNSET
    node_id: UUID | UnsetType = UNSET
    watcher: Literal["me"] | UnsetType = UNSET
    external_id: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType = UNSET
    overdue: bool | UnsetType = UNSET
    dead: bool | UnsetType = UNSET
    due_from: Moment | UnsetType = UNSET
    due_to: Moment | UnsetType = UNSET
    created_from: Moment | UnsetType = UNSET
    created_to: Moment | UnsetType = UNSET


class OrderFilters(Body, frozen=True, kw_only=True):
    """Which orders, in the words of their lists; all conditions hold, and of several values of one any."""

    status: OrderStatus | Annotated[list[OrderStatus], Meta(max_length=7)] | UnsetType = UNSET
    payment_status: PaymentStatus | Annotated[list[PaymentStatus], Meta(max_length=6)] | UnsetType = UNSET
    customer_id: UUID | UnsetType = UNSET
    placed_from: Moment | UnsetType = UNSET
    placed_to: Moment | UnsetType = UNSET


class ProductFilters(Body, frozen=True, kw_only=True):
    """Which products, in the words of their list; prices in minor units."""

    q: Text | UnsetType = UNSET
    in_stock: bool | UnsetType = UNSET
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | UnsetType = UNSET
    min_price: Price | UnsetType = UNSET
    max_price: Price | UnsetType = UNSET


class NewExport(Body, frozen=True, kw_only=True, tag_field="resource"):
    """What is wanted. `bom`: for programs that need one in CSV."""

    needs: ClassVar[tuple[str, str]]
    """The permission to list one's own, and that to list everybody's."""

    format: Literal["csv", "jsonl", "pdf"] = "csv"
    bom: bool = False


class NewTaskExport(NewExport, frozen=True, kw_only=True, tag="tasks"):
    """Tasks. `scope` `all`: those of everybody, for who may list them; else one's own."""

    needs = ("tasks:read", "tasks:list-all")
    scope: Literal["mine", "all"] = "mine"
    filters: TaskFilters = msgspec.field(default_factory=TaskFilters)


class NewOrderExport(NewExport, frozen=True, kw_only=True, tag="orders"):
    """Orders. `scope` `all`: those of everybody, for who may list them; else one's own."""

    needs = ("orders:read", "orders:list-all")
    scope: Literal["mine", "all"] = "mine"
    filters: OrderFilters = msgspec.field(default_factory=OrderFilters)


class NewProductExport(NewExport, frozen=True, kw_only=True, tag="products"):
    """Products, which anybody may see."""

    filters: ProductFilters = msgspec.field(default_factory=ProductFilters)


@command("/api/v1/exports", needs="exports:create", status=202, answers=JobView, told="It will be done.", limit="export", tags=["jobs"])
async def request_export(request: Req, data: JSONBody[NewTaskExport | NewOrderExport | NewProductExport]) -> Response[bytes]:
    """Have everything that fits written into a file.

    The answer is a job: ask it how it stands, and fetch its result. PDF holds at most 10,000 rows.
    """
    if not isinstance(data, NewProductExport):
        must(caller(request), data.needs[data.scope == "all"])
    if isinstance(data, NewTaskExport) and data.filters.project_id is not UNSET:
        await must_see_project(request, data.filters.project_id)
    wanted = msgspec.to_builtins(data)
    wish = RequestJob(job_id=parts(request).new_id(), kind=f"{wanted.pop('resource')}.export", parameters=wanted)
    return await carry_out(request, wish, JobView, of=Job, status=202, location="/api/v1/jobs/")
