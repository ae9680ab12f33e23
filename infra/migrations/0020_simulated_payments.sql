-- The memory of the simulated payment provider: what it was asked, by idempotency key, and what it made of that. It stands for somebody
-- outside, so it is no part of the log, and nobody reads it but that provider.
--
-- Outcomes: done · failed (this time) · declined (for good) · impossible (there is not so much to take or to give back) ·
-- lost (the call never arrived, so the same key may still become anything).
create table daybook.simulated_payments (
    key text primary key,
    payment_id uuid not null,
    step text not null check (step in ('authorise', 'capture', 'void', 'refund')),
    amount bigint not null,         -- minor units
    outcome text not null check (outcome in ('done', 'failed', 'declined', 'impossible', 'lost')),
    at timestamptz not null default clock_timestamp()
);
create index simulated_payments_payment_id on daybook.simulated_payments (payment_id);

-- How a payment stands: what was ever done, step by step.
create function daybook.simulated_charge(payment uuid) returns table (authorised bigint, captured bigint, voided bigint, refunded bigint)
language sql stable security definer set search_path = daybook, pg_temp as $$
    select coalesce(sum(p.amount) filter (where p.step = 'authorise'), 0)::bigint,
           coalesce(sum(p.amount) filter (where p.step = 'capture'), 0)::bigint,
           coalesce(sum(p.amount) filter (where p.step = 'void'), 0)::bigint,
           coalesce(sum(p.amount) filter (where p.step = 'refund'), 0)::bigint
    from simulated_payments p where p.payment_id = payment and p.outcome = 'done'
$$;

-- What becomes of a call: the same key, the same outcome, done once, however many call at the same moment. `fate` is the outcome if none was
-- kept for this key; what was lost once arrives the next time. Answers whether this call decided it, and how the payment stands then.
create function daybook.simulate_payment(this_key text, payment uuid, this_step text, worth bigint, fate text)
returns table (outcome text, fresh boolean, authorised bigint, captured bigint, voided bigint, refunded bigint)
language plpgsql security definer set search_path = daybook, pg_temp as $$
#variable_conflict use_column
declare
    known text;
    fresh boolean;
    charge record;
begin
    perform pg_advisory_xact_lock(7710, hashtext(payment::text));
    -- Statements of their own, so that they see what the last holder of the lock committed.
    select p.outcome into known from simulated_payments p where p.key = this_key;
    select * into charge from simulated_charge(payment);
    fresh := known is null or known = 'lost';
    if fresh then
        known := case
            when known = 'lost' and fate = 'lost' then 'done'
            when fate <> 'done' or this_step = 'authorise' then fate
            when this_step = 'refund' and worth > charge.captured - charge.refunded then 'impossible'
            when this_step <> 'refund' and worth > charge.authorised - charge.voided - charge.captured then 'impossible'
            else 'done'
        end;
        insert into simulated_payments as kept (key, payment_id, step, amount, outcome) values (this_key, payment, this_step, worth, known)
        on conflict (key) do update set outcome = excluded.outcome, at = excluded.at;
    end if;
    return query select known, fresh, c.authorised, c.captured, c.voided, c.refunded from simulated_charge(payment) c;
end $$;

revoke execute on function daybook.simulated_charge, daybook.simulate_payment from public;
grant execute on function daybook.simulated_charge, daybook.simulate_payment to daybook_app;
