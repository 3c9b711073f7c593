"""For the tests of others: a partner that misbehaves, as a fixture of pytest (`gateway.testing.plugin`)."""
