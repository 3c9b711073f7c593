"""The pages live, for people who log in: `edi serve`.

Reading goes through snapshots of the ledger and blocks no run; what a person decides goes the same way as from the
command line, with the person's name and reason in the history. The server gets its one reader of the clock and drawer
of chances from the command line, like everything else. Starlette, uvicorn and argon2 (extra ``web``) are spoken here
only.
"""
