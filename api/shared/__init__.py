"""What every route stands on: access, bodies, answers, problems, freshness, paging, health."""
