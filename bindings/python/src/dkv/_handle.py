"""What every object that stands for a handle of the library does alike."""

from __future__ import annotations

from typing import NoReturn


class Handle:
    """An object of this process: it cannot be pickled or copied."""

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        name = type(self).__name__
        raise TypeError(
            f"a {name} stands for something that this process has open, and cannot be pickled or copied. "
            "Pass the folder, the bundle name and the store id, and open the store where they arrive."
        )
