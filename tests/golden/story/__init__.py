"""The stories of `samples/`, told by real gateways at fixed moments, so that what they give can be compared."""
