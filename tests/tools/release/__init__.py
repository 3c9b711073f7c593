"""A release: everything that an administration installs from, made from one commit, the same octets each time.

    python -m tests.tools.release --out DIR [--key KEY.pem] [--wheels FOLDER]

    corridor_gateway-V-py3-none-any.whl       our wheel
    edi-gateway_V_amd64.deb                   for Debian 12, with every library, no network needed
    edi-gateway-V-wheels-py3.11-x86_64.tar    for machines without a network: a folder of wheels, ours included
    edi-gateway-V.cdx.json                    what is inside (CycloneDX 1.6)
    requirements.lock, CHANGELOG.md           the locked list; what is new
    SHA256SUMS, SHA256SUMS.sig                the digests of all of it, signed with Ed25519 where a key is given

Times inside are the day of the newest entry of the changelog. What is not committed is not in it.
"""
