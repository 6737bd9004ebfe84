"""The settings of the messaging service."""

from dataclasses import dataclass

from carrier.media_policy import DEFAULT_HOSTS
from chassis.settings import address, boolean, setting
from services.messaging.consent.programs import Programs
from services.messaging.consent.programs import parse as parse_programs
from services.messaging.keywords import Campaigns
from services.messaging.keywords import parse as parse_keywords
from services.messaging.model import is_e164
from services.messaging.replies.rules import Rule
from services.messaging.replies.translate import rules_of_file
from services.messaging.sending.pacing import Paces
from services.messaging.wording import Replies


def numbers(text: str) -> frozenset[str]:
    """Read E.164 numbers, separated by commas or blanks."""
    found = frozenset(text.replace(",", " ").split())
    if not all(is_e164(number) for number in found):
        raise ValueError("must be phone numbers in E.164 form, separated by commas")
    return found


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read from the environment by chassis.settings.load."""

    brand: str = setting(
        "SWITCHHOOK_MESSAGING_BRAND",
        help="the name people know you by; it begins every confirmation",
    )
    help_url: str = setting(
        "SWITCHHOOK_MESSAGING_HELP_URL", help="where HELP sends people, such as example.com/help"
    )
    help_phone: str = setting(
        "SWITCHHOOK_MESSAGING_HELP_PHONE", help="the number HELP tells people to call"
    )
    frequency: str = setting(
        "SWITCHHOOK_MESSAGING_FREQUENCY",
        default="Msg frequency varies",
        help="how often you write, as the campaign is registered",
    )
    own_numbers: frozenset[str] = setting(
        "SWITCHHOOK_MESSAGING_NUMBERS",
        default=frozenset(),
        parse=numbers,
        help="your numbers, by comma; texts from them are never taken for a customer's",
    )
    programs: Programs = setting(
        "SWITCHHOOK_MESSAGING_PROGRAMS",
        default=Programs(),
        parse=parse_programs,
        help="number=program:kind, by comma; the kinds are marketing, transactional, verification "
        "and conversation; a number without a program counts as marketing",
    )
    campaigns: Campaigns = setting(
        "SWITCHHOOK_MESSAGING_KEYWORDS",
        default=Campaigns(),
        parse=parse_keywords,
        help="a campaign's own words, number:word=class by comma; a class is stop, start or help; "
        "the words of the law and the carrier keep their meaning",
    )
    revoke_all: bool = setting(
        "SWITCHHOOK_MESSAGING_REVOKE_ALL",
        default=False,
        parse=boolean,
        help="on lets every STOP end every program (47 CFR 64.1200(a)(10), waived to 2027-01-31)",
    )
    grpc_address: str = setting(
        "SWITCHHOOK_MESSAGING_GRPC_ADDRESS",
        default="127.0.0.1:50052",
        parse=address,
        help="where gRPC listens, host:port",
    )
    admin_address: str = setting(
        "SWITCHHOOK_MESSAGING_ADMIN_ADDRESS",
        default="127.0.0.1:9152",
        parse=address,
        help="where health and metrics listen, host:port",
    )
    database_url: str = setting(
        "SWITCHHOOK_MESSAGING_DATABASE_URL",
        default="sqlite+aiosqlite:///.data/messaging.db",
        secret=True,
        help="sqlite+aiosqlite:///path or postgresql+asyncpg://...",
    )
    instance: str = setting(
        "SWITCHHOOK_MESSAGING_INSTANCE",
        default="messaging-1",
        help="name of this replica, stable over restarts and different for each",
    )
    media_url: str = setting(
        "SWITCHHOOK_MESSAGING_MEDIA_URL",
        default=".data/messaging-media",
        help="where received media is kept: a folder, or s3://bucket/prefix",
    )
    media_hosts: tuple[str, ...] = setting(
        "SWITCHHOOK_MESSAGING_MEDIA_HOSTS",
        default=DEFAULT_HOSTS,
        parse=lambda text: tuple(text.replace(",", " ").split()),
        help="hosts that media may be fetched from, by comma; *.x is any host below x",
    )
    paces: Paces = setting(
        "SWITCHHOOK_MESSAGING_PACE",
        default=Paces(),
        parse=Paces.parse,
        help="parts a second, by kind or number: long_code=4,toll_free=20,+12025550101=75",
    )
    quiet_hours: bool = setting(
        "SWITCHHOOK_MESSAGING_QUIET_HOURS",
        default=True,
        parse=boolean,
        help="off sends marketing at any hour; only where no law says otherwise",
    )
    rules: tuple[Rule, ...] = setting(
        "SWITCHHOOK_MESSAGING_RULES",
        default=(),
        parse=rules_of_file,
        help="rules of automatic replies as JSON, created at the start if they are not there yet",
    )
    nats_url: str = setting("SWITCHHOOK_NATS_URL", default="nats://127.0.0.1:4222", help="the bus")
    telnyx_url: str = setting(
        "SWITCHHOOK_TELNYX_URL",
        default="https://api.telnyx.com/v2",
        help="the carrier's REST API; http on 127.0.0.1 is taken for a simulator",
    )
    api_key: str = setting("TELNYX_API_KEY", secret=True, help="the key for the carrier's REST API")
    reflection: bool = setting(
        "SWITCHHOOK_REFLECTION", default=False, parse=boolean, help="on lists the API to anyone"
    )

    def __post_init__(self) -> None:
        """Refuse words that would not fit into one part."""
        self.replies()

    def replies(self) -> Replies:
        """Return the words of this service's own messages."""
        return Replies(
            brand=self.brand,
            help_url=self.help_url,
            help_phone=self.help_phone,
            frequency=self.frequency,
        )
