"""Where contents lie that are kept outside of the ledger: a folder, or a bucket of S3.

Each kind is a `ledger.stores.ContentStore`: what is put is on a disk, whole, when `put` returns; the ledger lets go of
its own copy only then. Nothing here knows what a content is, or which of them are needed still.
"""
