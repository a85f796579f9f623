"""A dictionary that forgets."""

from collections import OrderedDict
from typing import Any


class Recent(OrderedDict[str, Any]):
    """The `size` entries that were written or read last."""

    def __init__(self, size: int) -> None:
        """Empty."""
        super().__init__()
        self.size = size

    def __getitem__(self, key: str) -> Any:
        """Makes this entry the newest."""
        value = super().__getitem__(key)
        self.move_to_end(key)
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        """The entry used longest ago goes, if there are too many."""
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > self.size:
            del self[next(iter(self))]
