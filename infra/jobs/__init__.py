"""How jobs run: the worker, its files, and one module for each kind of job."""
