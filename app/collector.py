"""Python's garbage collector, told what a process that makes many decisions is like."""

import gc


def spare_the_collector() -> None:
    """What is loaded now stays for good: the garbage collector need not walk it again and again.

    A decision makes some hundreds of objects and frees them by their counts; looking for cycles after
    each decision finds none.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
