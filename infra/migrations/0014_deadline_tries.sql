-- When the clock tries a due deadline again; gone with the deadline.
create table daybook.deadline_tries (
    model text not null,
    deadline text not null,
    tries integer not null default 1,
    next_try timestamptz not null,
    primary key (model, deadline)
);
