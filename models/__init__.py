"""Progy's database: a learning platform with a registry of courses, an account system and paid plans.

The tables are described here and nowhere else: migrations, row types and documentation come from these classes.
"""

from models.auth import Account, Device, User, UserSession, Verification
from models.billing import Subscription
from models.courses import Course, CourseProgress
from models.registry import (
    Package,
    PackageDownload,
    PackageStats,
    PackageStatus,
    PackageVersion,
    VersionStatus,
)

__all__ = [
    "Account",
    "Course",
    "CourseProgress",
    "Device",
    "Package",
    "PackageDownload",
    "PackageStats",
    "PackageStatus",
    "PackageVersion",
    "Subscription",
    "User",
    "UserSession",
    "Verification",
    "VersionStatus",
]
