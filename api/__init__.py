"""How it is spoken: thin Litestar routes. A route is one dispatch or one query."""
