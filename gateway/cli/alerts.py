"""`edi alerts`: what people are told of without asking, what they were told, and whether telling works."""

from __future__ import annotations

from gateway.cli.commands import Lazy

alerts_command = Lazy("alerts", {"list": "alerts_see", "send": "alerts_act", "test": "alerts_act"}, "alerts.",
                      reads=("list",))
