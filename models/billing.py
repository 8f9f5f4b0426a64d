"""What people pay for: Stripe's subscriptions, as its webhooks report them."""

from datetime import datetime

from sqlmodel import Field, Relationship

from models.auth import User
from models.base import Record
from progy import UnixSeconds


class Subscription(Record, table=True):
    """A plan that somebody pays for by the month or by the year, or did."""

    __tablename__ = "subscriptions"

    user_id: str | None = Field(
        default=None,
        foreign_key="users.id",
        description="Who has it; NULL until Stripe's customer is matched.",
    )
    plan: str = Field(description="The plan's name: `pro`, say.")
    reference_id: str = Field(description="Whom better-auth bills for it: the user's id.")
    stripe_customer_id: str | None = Field(default=None, description="Who pays, as Stripe knows them.")
    stripe_subscription_id: str | None = Field(
        default=None, description="The subscription as Stripe knows it, once the checkout is through."
    )
    status: str | None = Field(
        default=None, description="How it stands, in Stripe's words: active, trialing, past_due, canceled."
    )
    period_start: datetime | None = Field(
        default=None, sa_type=UnixSeconds, description="From when the last payment counts."
    )
    period_end: datetime | None = Field(
        default=None, sa_type=UnixSeconds, description="Until when the last payment counts."
    )
    cancel_at_period_end: bool | None = Field(
        default=None, description="Whether it has been cancelled, and runs out when the period ends."
    )
    seats: int | None = Field(default=None, description="For how many people, where the plan counts them.")

    user: User | None = Relationship(back_populates="subscriptions")
