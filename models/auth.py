"""Who uses Progy and how they prove it: better-auth's tables, and the CLI's login by device code."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import false
from sqlmodel import Field, Relationship

from models.base import Record, now
from progy import Json, UnixSeconds

if TYPE_CHECKING:
    from models.billing import Subscription
    from models.courses import Course, CourseProgress
    from models.registry import Package


class User(Record, table=True):
    """A person with an account on Progy."""

    __tablename__ = "users"

    name: str = Field(description="The name to show, as the person or their login provider gave it.")
    username: str = Field(unique=True, description="The name in URLs and in the registry; nobody else's.")
    email: str = Field(unique=True, description="Where mail goes, and what joins logins of several providers.")
    email_verified: bool = Field(description="Whether the person has shown that the address is theirs.")
    image: str | None = Field(default=None, description="The URL of a picture.")
    created_at: datetime = Field(default_factory=now, sa_type=UnixSeconds, description="When the account was made.")
    updated_at: datetime = Field(
        default_factory=now,
        sa_type=UnixSeconds,
        sa_column_kwargs={"onupdate": now},
        description="When anything in this row last changed.",
    )
    subscription: str | None = Field(
        default="free",
        sa_column_kwargs={"server_default": "free"},
        description="The plan the person is on, as the app shows it; `subscriptions` has Stripe's view.",
    )
    has_lifetime: bool | None = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="Whether the person bought access for ever, which no subscription's end takes away.",
    )
    stripe_customer_id: str | None = Field(
        default=None, description="The person as Stripe knows them, once they have been to the checkout."
    )
    user_metadata: dict[str, Any] | None = Field(
        default=None,
        sa_type=Json,
        sa_column_kwargs={"name": "metadata"},
        description="Whatever else the app remembers about the person, such as settings.",
    )

    accounts: list["Account"] = Relationship(back_populates="user")
    sessions: list["UserSession"] = Relationship(back_populates="user")
    devices: list["Device"] = Relationship(back_populates="user")
    subscriptions: list["Subscription"] = Relationship(back_populates="user")
    courses: list["Course"] = Relationship(back_populates="user")
    progress: list["CourseProgress"] = Relationship(back_populates="user")
    packages: list["Package"] = Relationship(back_populates="user")


class Account(Record, table=True):
    """A way to log in: an account with a provider such as GitHub, or a password."""

    __tablename__ = "accounts"

    account_id: str = Field(description="The person's id with the provider; their own id for a password.")
    provider_id: str = Field(description="The provider: `github`, say, or `credential` for a password.")
    user_id: str = Field(foreign_key="users.id", description="Whom it logs in.")
    access_token: str | None = Field(default=None, description="What calls to the provider are made with.")
    refresh_token: str | None = Field(default=None, description="What gets a new access token.")
    id_token: str | None = Field(default=None, description="The provider's signed word on who this is.")
    access_token_expires_at: datetime | None = Field(
        default=None, sa_type=UnixSeconds, description="When the access token is of no more use."
    )
    refresh_token_expires_at: datetime | None = Field(
        default=None, sa_type=UnixSeconds, description="When the person has to log in anew."
    )
    scope: str | None = Field(default=None, description="What the provider was asked to allow, by commas.")
    password: str | None = Field(default=None, description="The password's hash, where the provider is Progy.")
    created_at: datetime = Field(
        default_factory=now, sa_type=UnixSeconds, description="When the person first logged in this way."
    )
    updated_at: datetime = Field(
        default_factory=now,
        sa_type=UnixSeconds,
        sa_column_kwargs={"onupdate": now},
        description="When a token or the password last changed.",
    )

    user: User = Relationship(back_populates="accounts")


class UserSession(Record, table=True):
    """A browser or a CLI that is logged in."""

    __tablename__ = "sessions"

    expires_at: datetime = Field(sa_type=UnixSeconds, description="When the session ends by itself.")
    token: str = Field(unique=True, description="The secret that a request shows: a cookie, or a bearer token.")
    created_at: datetime = Field(default_factory=now, sa_type=UnixSeconds, description="When the person logged in.")
    updated_at: datetime = Field(
        default_factory=now,
        sa_type=UnixSeconds,
        sa_column_kwargs={"onupdate": now},
        description="When the session was last prolonged.",
    )
    ip_address: str | None = Field(default=None, description="Where the login came from.")
    user_agent: str | None = Field(default=None, description="What the browser or the CLI calls itself.")
    user_id: str = Field(foreign_key="users.id", description="Who is logged in.")

    user: User = Relationship(back_populates="sessions")


class Verification(Record, table=True):
    """A secret that was sent out, and is waited for: to verify an address, to set a new password."""

    __tablename__ = "verifications"

    identifier: str = Field(description="What is to be verified: an e-mail address, or a step of a login.")
    value: str = Field(description="The secret that has to come back.")
    expires_at: datetime = Field(sa_type=UnixSeconds, description="When it is too late.")
    created_at: datetime | None = Field(
        default_factory=now, sa_type=UnixSeconds, description="When the secret was made."
    )
    updated_at: datetime | None = Field(
        default_factory=now,
        sa_type=UnixSeconds,
        sa_column_kwargs={"onupdate": now},
        description="When the secret was last replaced.",
    )


class Device(Record, table=True):
    """A login of the CLI that is under way: it shows a code, which the person types in a browser."""

    __tablename__ = "devices"

    device_code: str = Field(description="The secret with which the CLI asks whether it may come in.")
    user_code: str = Field(description="The short code that the person types.")
    user_id: str | None = Field(
        default=None,
        foreign_key="users.id",
        description="Who has typed the code; nobody yet while it is NULL.",
    )
    client_id: str | None = Field(default=None, description="The program that asks: Progy's CLI.")
    scope: str | None = Field(default=None, description="What the program asks to be allowed.")
    status: str = Field(description="How far it is: pending, approved or denied, as better-auth says.")
    expires_at: datetime = Field(sa_type=UnixSeconds, description="When the codes are of no more use.")
    last_polled_at: datetime | None = Field(
        default=None, sa_type=UnixSeconds, description="When the CLI last asked; too soon again is refused."
    )
    polling_interval: int | None = Field(
        default=None, description="How long the CLI has to wait between two questions, as better-auth counts."
    )
    created_at: datetime = Field(default_factory=now, sa_type=UnixSeconds, description="When the CLI began the login.")
    updated_at: datetime = Field(
        default_factory=now,
        sa_type=UnixSeconds,
        sa_column_kwargs={"onupdate": now},
        description="When the person decided, or the CLI last asked.",
    )

    user: User | None = Relationship(back_populates="devices")
