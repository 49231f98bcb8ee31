"""The ledger's tables, declared once (docs/decisions/0005); migrations are compared to them.

`event` is the truth. `record`, `key_state`, `person`, `link`, `member` and the rest say what
the events add up to, so that no answer has to read them all; `verifying` holds them equal.
Times are milliseconds since 1970-01-01 UTC. Hashes, HMACs and seals are 32 raw bytes.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    false,
)

from exchange.ledger.database_engine import Number

metadata = MetaData()


def _key(name: str) -> Column[int]:
    return Column(name, Number, primary_key=True, autoincrement=False)


genesis = Table(
    "genesis",
    metadata,
    _key("one"),
    Column("base_url", Text, nullable=False),
    Column("government_url", Text, nullable=False),
    Column("did", Text, nullable=False),
    Column("log_origin", Text, nullable=False),
    Column("format", Integer, nullable=False),
    # HMAC of a fixed word under the ledger secret: a wrong secret is noticed at open.
    Column("secret_mac", LargeBinary, nullable=False),
)

# The one row every writer takes first; it also hands out positions and record numbers.
head = Table(
    "head",
    metadata,
    _key("one"),
    Column("position", Number, nullable=False),
    Column("record", Number, nullable=False),
    Column("delivery", Number, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("epoch_from", Number, nullable=False),
    # Whether the records that earlier releases removed are in `resemblance`.
    Column("resemblances", Boolean, nullable=False, server_default=false()),
)

delivery = Table(
    "delivery",
    metadata,
    _key("id"),
    Column("source", Text),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("kind", Text, nullable=False),
    Column("form", Text),
    Column("opened", Number, nullable=False),
    Column("closed", Number),
    Column("counts", Text),
    # Which sheet of its file, from 0; the last row that was taken, to go on where one broke off.
    Column("part", SmallInteger, nullable=False, server_default="0"),
    Column("through", Number),
    Column("model", SmallInteger, nullable=False, server_default="0"),
    Index("delivery_digest", "digest"),
)

# The models that deliveries were read with: the properties that each knew, by kind, as JSON.
model = Table(
    "model",
    metadata,
    _key("id"),
    Column("digest", String(64), nullable=False, unique=True),
    Column("kinds", Text, nullable=False),
)

record = Table(
    "record",
    metadata,
    _key("id"),
    Column("public_id", String(26), nullable=False, unique=True),
    Column("kind", String(64), nullable=False),
    # The widest tier that has a view now, and the widest it ever had.
    Column("tier", String(10), nullable=False),
    Column("widest", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("mark", SmallInteger, nullable=False),
    Column("content_mac", LargeBinary),
    Column("version", Number, nullable=False),
    Column("person", String(26)),
    # The first record of the same key; others followed by reinstating.
    Column("chain", Number, nullable=False, server_default="0"),
    # How many versions deliveries brought, those of the records before it in the chain included;
    # the model that `content_mac` was made under.
    Column("versions", Integer, nullable=False, server_default="0"),
    Column("model", SmallInteger, nullable=False, server_default="0"),
    Index("record_chain", "chain"),
)

# Every key variant is mapped to the newest record of its chain; `told` is a `rows.KeyCoverage`.
key_state = Table(
    "key_state",
    metadata,
    Column("mac", LargeBinary(32), primary_key=True),
    Column("record", Number, nullable=False),
    Column("told", SmallInteger, nullable=False, server_default="0"),
    Index("key_record", "record"),
    sqlite_with_rowid=False,
)

# Fingerprints of removed records, to recognise them under another key (`domain.resemblance`).
resemblance = Table(
    "resemblance",
    metadata,
    Column("mac", LargeBinary(32), primary_key=True),
    Column("record", Number, ForeignKey("record.id"), primary_key=True, autoincrement=False),
    Index("resemblance_record", "record"),
    sqlite_with_rowid=False,
)

person = Table(
    "person",
    metadata,
    Column("mac", LargeBinary(32), primary_key=True),
    Column("public_id", String(26), nullable=False, unique=True),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    _key("position"),
    Column("name", String(16), nullable=False),
    Column("format", SmallInteger, nullable=False),
    Column("at", Number, nullable=False),
    Column("delivery", Number),
    Column("record", Number, ForeignKey("record.id")),
    # The widest tier with a view, for events that carry a version.
    Column("tier", String(10)),
    Column("seal", Number, nullable=False),
    Column("c_public", LargeBinary, nullable=False),
    Column("c_government", LargeBinary, nullable=False),
    Column("c_archive", LargeBinary, nullable=False),
    # Last: the columns before it are read without touching its overflow pages.
    Column("body", LargeBinary, nullable=False),
    Index("event_record", "record"),
)

tree_head = Table(
    "tree_head",
    metadata,
    _key("size"),
    Column("root", LargeBinary, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("at", Number, nullable=False),
)

# Complete subtrees of every eighth level, as tiles need them.
tree_node = Table(
    "tree_node",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

link = Table(
    "link",
    metadata,
    Column("source", Number, ForeignKey("record.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("relation", String(64), nullable=False),
    Column("dropped", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# The key variants of a link's target, complete ones first (`bare`: a partial one).
quoted = Table(
    "quoted",
    metadata,
    Column("source", Number, ForeignKey("record.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("place", SmallInteger, primary_key=True, autoincrement=False),
    Column("mac", LargeBinary(32), nullable=False),
    Column("bare", Boolean, nullable=False),
    Index("quoted_mac", "mac"),
    sqlite_with_rowid=False,
)

decision_pending = Table(
    "decision_pending",
    metadata,
    Column("record", Number, ForeignKey("record.id"), primary_key=True, autoincrement=False),
    Column("cause", Number, primary_key=True, autoincrement=False),
    Column("relation", String(64), primary_key=True),
    Column("resolved", Boolean, nullable=False),
)

# A tier's own sequence: what its feed lists, in order.
member = Table(
    "member",
    metadata,
    Column("tier", String(10), primary_key=True),
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("position", Number, ForeignKey("event.position"), nullable=False),
    Column("record", Number, ForeignKey("record.id"), nullable=False),
    # The event whose view the member shows (a resume shows an older version).
    Column("version", Number, nullable=False),
    Column("activity", String(6), nullable=False),
    Column("event", String(26), nullable=False),
    Column("published", Number, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("page", Number, nullable=False),
    Column("mark", Boolean, nullable=False),
    Index("member_record", "record", "tier"),
    sqlite_with_rowid=False,
)

# From `seq` on, earlier text of the record is handed out to that tier no more: its Delete,
# or a version re-issued without a reference that had to go.
veil = Table(
    "veil",
    metadata,
    Column("tier", String(10), primary_key=True),
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("record", Number, ForeignKey("record.id"), nullable=False),
    Index("veil_record", "record", "tier", "seq"),
    sqlite_with_rowid=False,
)

stream = Table(
    "stream",
    metadata,
    Column("tier", String(10), primary_key=True),
    Column("seq", Number, nullable=False),
    Column("published", Number, nullable=False),
)

page = Table(
    "page",
    metadata,
    Column("tier", String(10), primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("page", Number, nullable=False),
    Column("members", Integer, nullable=False),
)

# What the withdrawal journal must say, position by position.
passage = Table(
    "passage",
    metadata,
    _key("position"),
    Column("record", String(26), nullable=False),
    Column("op", String(4), nullable=False),
)

erasure = Table(
    "erasure",
    metadata,
    _key("position"),
    Column("record", Number, ForeignKey("record.id"), nullable=False),
    Column("destroyed", Boolean, nullable=False),
    Column("done", Boolean, nullable=False),
)
