"""Refer: what people decided to refer is packed, sealed and delivered to its desks, each package once."""

from prefect import flow

from domain.counts import Counts
from tasks.referring.sending import send_referrals
from tasks.staging import stage


@flow
def refer() -> Counts:
    """Deliver the packages of decided cases to the outboxes of their desks."""
    with stage("refer") as publish:
        return publish(send_referrals())
