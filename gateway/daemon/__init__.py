"""One host's worker on a ledger that several hosts share: what is to be done when, and who of them does it.

The queue (procrastinate, in the same database) says what somebody should look at; it is no record of anything. What is
right rests on the ledger alone: its transactions, and its lanes with fencing tokens. So a job that is lost, comes twice
or is taken up by two hosts costs a look and no more, and a queue that is thrown away is made again by the next tick.

Who starts a job does not do its work: each is a process of its own that runs what cron would run.
"""
