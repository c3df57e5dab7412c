"""`policy check`: the manual against the executable rules, both ways, as pure functions of values.

Forward: every rule, parameter, reason and condition cites a clause in force on the days it is used, and
every parameter's value stands in its clause. Backward: every number of a clause that rules or
parameters cite is one of those values, in the same order and with the same comparator. So a change on
one side alone is found, and the finding names both sides. Within the manual, references lead to a
clause, and a term is referred to the clause that defines it.
"""

from decisioning.consistency.check import check, sides_of
from decisioning.consistency.model import Code, Finding, Manual, Side

__all__ = ["Code", "Finding", "Manual", "Side", "check", "sides_of"]
