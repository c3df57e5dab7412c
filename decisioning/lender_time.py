"""A decision with its instants in the lender's time zone, so that the dates in words are the lender's."""

from zoneinfo import ZoneInfo

from decisioning.model import Decision

UTC = "UTC"
"""The time zone of whoever names none."""


def in_lender_time(decision: Decision, timezone: str) -> Decision:
    """The same decision, equal to the first: an offer that ends at 23:30 UTC ends the day after in Madrid.

    Words take their dates from it; what is stored and what goes out keeps its instants in UTC.
    """
    zone = ZoneInfo(timezone)
    offer, notice = decision.offer, decision.notice
    if offer is not None:
        offer = offer.model_copy(update={"expires_at": offer.expires_at.astimezone(zone)})
    if notice is not None:
        notice = notice.model_copy(update={"due_at": notice.due_at.astimezone(zone)})
    instants = {n: getattr(decision, n).astimezone(zone) for n in ("received_at", "created_at")}
    return decision.model_copy(update={"offer": offer, "notice": notice, **instants})
